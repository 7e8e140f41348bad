package dev.ricci.gpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.program.Value;

/** One run of a kernel: its parameters (see {@link Params}) and its grid. */
final class Launch {
    private static final int LOCAL = 256;

    private final Kernel kernel;
    private final Memory memory;
    private final int[] ints = new int[Params.INTS];
    private final float[] floats = new float[Params.FLOATS];
    private int groupsX;
    private int groupsY = 1;
    private int local = LOCAL;

    Launch(Kernel kernel, Memory memory) {
        this.kernel = kernel;
        this.memory = memory;
        floats[Params.INFINITY] = Float.POSITIVE_INFINITY;
    }

    Kernel kernel() {
        return kernel;
    }

    int[] ints() {
        return ints;
    }

    float[] floats() {
        return floats;
    }

    /** Work-groups along x. */
    int groupsX() {
        return groupsX;
    }

    /** Work-groups along y. */
    int groupsY() {
        return groupsY;
    }

    /** Items of a group. */
    int local() {
        return local;
    }

    Launch set(int at, int value) {
        ints[at] = value;
        return this;
    }

    Launch flag(int at, boolean value) {
        return set(at, value ? 1 : 0);
    }

    /** The offset of a value. */
    Launch at(int at, Value value) {
        return set(at, memory.offset(value));
    }

    Launch scalar(int at, double value) {
        floats[at] = (float) value;
        return this;
    }

    Launch type(Value value) {
        return set(Params.TYPE, Memory.type(value.buffer().dtype()));
    }

    Launch strides(int at, Layout layout) {
        for (int a = 0; a < layout.shape().rank(); a++) {
            set(at + a, layout.stride(a));
        }
        return this;
    }

    /** The shape that items count through and the strides of values over it; neighbouring axes merge where all allow. */
    Launch over(Shape shape, int[] at, Layout... layouts) {
        return set(Params.RANK, merged(Params.DIMS, shape, at, layouts));
    }

    /** Writes merged sizes and strides; returns the rank. */
    int merged(int dims, Shape shape, int[] at, Layout... layouts) {
        int rank = 0;
        int[] sizes = new int[shape.rank()];
        int[][] strides = new int[layouts.length][shape.rank()];
        for (int a = 0; a < shape.rank(); a++) {
            int d = shape.dim(a);
            if (d == 1) {
                continue;
            }
            boolean merges = rank > 0;
            for (int v = 0; merges && v < layouts.length; v++) {
                merges = strides[v][rank - 1] == layouts[v].stride(a) * d;
            }
            int to = merges ? rank - 1 : rank++;
            sizes[to] = merges ? sizes[to] * d : d;
            for (int v = 0; v < layouts.length; v++) {
                strides[v][to] = layouts[v].stride(a);
            }
        }
        if (rank > Params.MAX_RANK) {
            throw new TensorException(kernel + ": operands of shape " + shape + " have more than " + Params.MAX_RANK
                    + " axes that do not lie side by side; copy them first");
        }
        System.arraycopy(sizes, 0, ints, dims, rank);
        for (int v = 0; v < layouts.length; v++) {
            System.arraycopy(strides[v], 0, ints, at[v], rank);
        }
        return rank;
    }

    /** An item for each of {@code count}. */
    Launch items(int count) {
        groupsX = (int) ((count + LOCAL - 1L) / LOCAL);
        return set(Params.COUNT, count);
    }

    /** So many groups of {@code local} items. */
    Launch groups(int x, int y, int items) {
        groupsX = x;
        groupsY = y;
        local = items;
        return this;
    }

    @Override
    public String toString() {
        return kernel + " " + groupsX + " x " + groupsY + " x " + local;
    }
}
