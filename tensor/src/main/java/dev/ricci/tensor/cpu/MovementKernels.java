package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/** Movements of any element type: each is a copy between two layouts, and a fill of what it does not reach. */
final class MovementKernels {
    private MovementKernels() {
    }

    static void run(Movement op, Operand[] in, Operand[] out) {
        switch (op) {
            case Movement.View o -> view(o, in[0], out[0]);
            case Movement.Copy o -> Copies.copy(in[0], out[0]);
            case Movement.SliceBackward o -> {
                Copies.fill(out[0], 0);
                into(in[0], out[0], o.starts().toArray(), o.steps().toArray());
            }
            case Movement.Pad o -> {
                Copies.fill(out[0], o.value());
                into(in[0], out[0], o.before().toArray(), ones(in[0].shape().rank()));
            }
            case Movement.Cat o -> cat(o.axis(), in, out[0]);
            case Movement.Triangular o -> triangular(o, in[0], out[0]);
        }
    }

    private static void view(Movement.View op, Operand x, Operand out) {
        Layout layout = op.view(x.layout());
        if (layout != null) {
            Copies.copy(x.heap(), layout, out.heap(), out.layout());
        } else {
            // A reshape that needs a copy: the elements in row-major order, under the input's own shape.
            Copies.copy(x.heap(), x.layout(), out.heap(), Layout.dense(x.shape(), out.layout().offset()));
        }
    }

    private static int[] ones(int n) {
        int[] ones = new int[n];
        Arrays.fill(ones, 1);
        return ones;
    }

    /** Copies x to every steps-th place of the result from the starts on. */
    private static void into(Operand x, Operand out, int[] starts, int[] steps) {
        if (x.size() > 0) {
            Copies.copy(x.heap(), x.layout(), out.heap(), out.layout().slice(starts, x.shape().toArray(), steps));
        }
    }

    private static void cat(int axis, Operand[] in, Operand out) {
        int rank = out.shape().rank();
        int[] starts = new int[rank];
        int[] ones = ones(rank);
        for (Operand x : in) {
            into(x, out, starts, ones);
            starts[axis] += x.shape().dim(axis);
        }
    }

    private static void triangular(Movement.Triangular op, Operand x, Operand out) {
        Copies.copy(x, out);
        Shape s = out.shape();
        if (s.isEmpty()) {
            return;
        }
        int rows = s.dim(-2);
        int columns = s.dim(-1);
        int matrices = s.size() / (rows * columns);
        Object array = Copies.array(out.heap());
        Object zeros = Copies.array(HeapStorage.allocate(out.dtype(), columns));
        int o = out.layout().offset();
        Parallel.ranges(matrices * rows, columns, (from, to) -> {
            for (int r = from; r < to; r++) {
                // Columns before it (upper) or from it on (lower) are zeroed.
                long edge = (long) (r % rows) + op.diagonal() + (op.upper() ? 0 : 1);
                int cut = Math.clamp(edge, 0, columns);
                int start = op.upper() ? 0 : cut;
                int n = op.upper() ? cut : columns - cut;
                System.arraycopy(zeros, 0, array, o + r * columns + start, n);
            }
        });
    }
}
