package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * Top-k and sorting of F32. A value and its index become one long whose descending order is the wanted one (equals in
 * order of index), so that plain sorts and heaps of longs do the work.
 */
final class SelectionKernels {
    private SelectionKernels() {
    }

    static void topK(Indexing.TopK op, Operand x, Operand[] out) {
        run(Copies.dense(x), op.axis(), op.k(), op.largest(), out);
    }

    static void sort(Indexing.Sort op, Operand x, Operand[] out) {
        run(Copies.dense(x), op.axis(), x.shape().dim(op.axis()), op.descending(), out);
    }

    private static void run(Operand x, int axis, int k, boolean descending, Operand[] out) {
        if (out[0].size() == 0) {
            return;
        }
        int n = x.shape().dim(axis);
        int inner = x.shape().sub(axis + 1, x.shape().rank()).size();
        float[] from = x.heap().floats();
        float[] values = out[0].heap().floats();
        int[] indices = out[1].heap().ints();
        int xo = x.layout().offset();
        int vo = out[0].layout().offset();
        int io = out[1].layout().offset();
        long work = 4L * n * (32 - Integer.numberOfLeadingZeros(k));
        Parallel.ranges(out[0].size() / k, work, (start, end) -> {
            long[] keys = new long[n];
            for (int lane = start; lane < end; lane++) {
                int base = xo + lane / inner * n * inner + lane % inner;
                int target = lane / inner * k * inner + lane % inner;
                for (int i = 0; i < n; i++) {
                    keys[i] = key(from[base + i * inner], i, descending);
                }
                int first = select(keys, k);
                for (int i = 0; i < k; i++) {
                    int index = ~(int) keys[first + k - 1 - i];
                    values[vo + target + i * inner] = from[base + index * inner];
                    indices[io + target + i * inner] = index;
                }
            }
        });
    }

    /** Ascending, -0 like 0 and NaN above all; turned round for an ascending sort; the smaller index is larger. */
    private static long key(float v, int index, boolean descending) {
        int bits = v != v ? 0x7FC00000 : v == 0 ? 0 : Float.floatToRawIntBits(v);
        int ordered = bits ^ bits >> 31 & 0x7FFFFFFF;
        return (long) (descending ? ordered : ~ordered) << 32 | ~index & 0xFFFFFFFFL;
    }

    /** Brings the k largest keys into ascending order somewhere in the array and tells where they start. */
    private static int select(long[] keys, int k) {
        int n = keys.length;
        if (k > n / 8) {
            Arrays.sort(keys);
            return n - k;
        }
        // The first k keys are a heap with the smallest on top; what is larger than it takes its place.
        for (int i = k / 2 - 1; i >= 0; i--) {
            sink(keys, i, k);
        }
        for (int i = k; i < n; i++) {
            if (keys[i] > keys[0]) {
                keys[0] = keys[i];
                sink(keys, 0, k);
            }
        }
        Arrays.sort(keys, 0, k);
        return 0;
    }

    private static void sink(long[] heap, int from, int k) {
        long v = heap[from];
        int i = from;
        for (int child = 2 * i + 1; child < k; child = 2 * i + 1) {
            if (child + 1 < k && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= v) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = v;
    }
}
