package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.spi.Operand;

/**
 * An F32 operand as row-major floats: the operand's own array where it is dense, else a copy in pooled scratch, to be
 * released after use.
 */
final class Dense {
    private final float[] data;
    private final int offset;
    private final boolean pooled;

    private Dense(float[] data, int offset, boolean pooled) {
        this.data = data;
        this.offset = offset;
        this.pooled = pooled;
    }

    /** The elements of an operand. */
    static Dense of(Operand x) {
        return of(x.heap().floats(), x.layout());
    }

    /** The elements that a layout picks from an array. */
    static Dense of(float[] data, Layout layout) {
        return layout.isDense() ? new Dense(data, layout.offset(), false) : copy(data, layout);
    }

    /** The elements of an operand, copied in any case: for an input that may be overwritten while it is read. */
    static Dense copyOf(Operand x) {
        return copy(x.heap().floats(), x.layout());
    }

    private static Dense copy(float[] data, Layout layout) {
        float[] to = Scratch.take(layout.shape().size());
        move(data, layout, to, 0, true);
        return new Dense(to, 0, true);
    }

    /** Writes row-major elements to where a layout has them. */
    static void scatter(float[] from, int at, float[] to, Layout layout) {
        move(to, layout, from, at, false);
    }

    /** Between a strided array and row-major elements, in the one direction or the other. */
    private static void move(float[] strided, Layout layout, float[] dense, int denseAt, boolean gather) {
        Shape shape = layout.shape();
        if (shape.isEmpty()) {
            return;
        }
        int rank = shape.rank();
        int n = rank == 0 ? 1 : shape.dim(rank - 1);
        int step = rank == 0 ? 1 : layout.stride(rank - 1);
        Parallel.ranges(shape.size() / n, n, (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = rowOffset(layout, r);
                int d = denseAt + r * n;
                if (gather) {
                    for (int i = 0; i < n; i++) {
                        dense[d + i] = strided[at + i * step];
                    }
                } else {
                    for (int i = 0; i < n; i++) {
                        strided[at + i * step] = dense[d + i];
                    }
                }
            }
        });
    }

    /** Where row {@code r}, counted row-major over all axes but the last, begins. */
    static int rowOffset(Layout layout, int r) {
        int at = layout.offset();
        for (int a = layout.shape().rank() - 2; a >= 0; a--) {
            int d = layout.shape().dim(a);
            at += r % d * layout.stride(a);
            r /= d;
        }
        return at;
    }

    /** The array. */
    float[] data() {
        return data;
    }

    /** Index of the first element in {@link #data()}. */
    int offset() {
        return offset;
    }

    /** Gives scratch back. */
    void release() {
        if (pooled) {
            Scratch.give(data);
        }
    }
}
