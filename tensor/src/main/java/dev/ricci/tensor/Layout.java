package dev.ricci.tensor;

import java.util.Arrays;

/**
 * Where the elements of a tensor lie in its storage: element (i0, i1, ...) is at
 * {@code offset + i0 * stride(0) + i1 * stride(1) + ...}. Strides count elements; they may be 0 (expanded axes) or
 * negative (flipped axes). Immutable.
 */
public final class Layout {
    private final Shape shape;
    private final int[] strides;
    private final int offset;
    private final boolean dense;

    private Layout(Shape shape, int[] strides, int offset) {
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
        this.dense = isRowMajor(shape, strides);
    }

    private static boolean isRowMajor(Shape shape, int[] strides) {
        int expected = 1;
        for (int a = strides.length - 1; a >= 0; a--) {
            int d = shape.dim(a);
            if (d != 1 && strides[a] != expected) {
                return shape.isEmpty();
            }
            expected *= d;
        }
        return true;
    }

    /** Row-major and gapless from offset 0. */
    public static Layout dense(Shape shape) {
        return dense(shape, 0);
    }

    /** Row-major and gapless from an offset. */
    public static Layout dense(Shape shape, int offset) {
        int[] strides = new int[shape.rank()];
        int step = 1;
        for (int a = strides.length - 1; a >= 0; a--) {
            strides[a] = step;
            step *= Math.max(1, shape.dim(a));
        }
        return new Layout(shape, strides, offset);
    }

    /** The shape. */
    public Shape shape() {
        return shape;
    }

    /** Elements between neighbours along an axis (0 .. rank-1). */
    public int stride(int axis) {
        return strides[axis];
    }

    /** A copy of the strides. */
    public int[] strides() {
        return strides.clone();
    }

    /** Storage index of the first element. */
    public int offset() {
        return offset;
    }

    /** Whether the elements lie row-major without gaps, from {@link #offset()} on. */
    public boolean isDense() {
        return dense;
    }

    /** Storage index of an element. */
    public int index(int... at) {
        int i = offset;
        for (int a = 0; a < at.length; a++) {
            i += at[a] * strides[a];
        }
        return i;
    }

    /** Axis {@code a} of the result is axis {@code order[a]} of this. */
    public Layout permute(int[] order) {
        int[] d = new int[order.length];
        int[] s = new int[order.length];
        for (int a = 0; a < order.length; a++) {
            d[a] = shape.dim(order[a]);
            s[a] = strides[order[a]];
        }
        return new Layout(Shape.of(d), s, offset);
    }

    /** Broadcast to a larger shape: new and widened axes get stride 0. */
    public Layout expand(Shape to) {
        int[] s = new int[to.rank()];
        int shift = to.rank() - shape.rank();
        for (int a = 0; a < shape.rank(); a++) {
            s[a + shift] = shape.dim(a) == 1 && to.dim(a + shift) != 1 ? 0 : strides[a];
        }
        return new Layout(to, s, offset);
    }

    /** Elements {@code starts[a] + i * steps[a]} for i in 0 .. sizes[a]-1 of each axis. */
    public Layout slice(int[] starts, int[] sizes, int[] steps) {
        int[] s = new int[starts.length];
        int at = offset;
        Shape sliced = Shape.of(sizes);
        for (int a = 0; a < starts.length; a++) {
            s[a] = strides[a] * steps[a];
            at += sliced.isEmpty() ? 0 : starts[a] * strides[a];
        }
        return new Layout(sliced, s, at);
    }

    /** The same elements, further back in a larger storage. */
    public Layout shifted(int by) {
        return new Layout(shape, strides, offset + by);
    }

    /** The named axes reversed. */
    public Layout flip(int[] axes) {
        int[] s = strides.clone();
        int at = offset;
        for (int a : axes) {
            at += shape.isEmpty() ? 0 : (shape.dim(a) - 1) * s[a];
            s[a] = -s[a];
        }
        return new Layout(shape, s, at);
    }

    /** The same elements in row-major order under another shape, or null if that needs a copy. */
    public Layout reshape(Shape to) {
        if (dense) {
            return dense(to, offset);
        }
        // Both shapes are cut into runs of axes with equal element counts; a run can be re-split without a copy
        // only if this layout is gapless within it.
        int[] s = new int[to.rank()];
        int a = 0;
        int b = 0;
        while (a < shape.rank() && b < to.rank()) {
            int aEnd = a + 1;
            int bEnd = b + 1;
            long aSize = shape.dim(a);
            long bSize = to.dim(b);
            while (aSize != bSize) {
                if (aSize < bSize) {
                    aSize *= shape.dim(aEnd++);
                } else {
                    bSize *= to.dim(bEnd++);
                }
            }
            int last = -1;
            for (int i = aEnd - 1; i >= a; i--) {
                if (shape.dim(i) == 1) {
                    continue;
                }
                if (last >= 0 && strides[i] != strides[last] * shape.dim(last)) {
                    return null;
                }
                last = i;
            }
            int inner = last < 0 ? 1 : innermostStride(a, aEnd);
            for (int i = bEnd - 1; i >= b; i--) {
                s[i] = inner;
                inner *= to.dim(i);
            }
            a = aEnd;
            b = bEnd;
        }
        for (int i = b; i < to.rank(); i++) {
            s[i] = 1;
        }
        return new Layout(to, s, offset);
    }

    private int innermostStride(int from, int to) {
        for (int i = to - 1; i >= from; i--) {
            if (shape.dim(i) != 1) {
                return strides[i];
            }
        }
        return 1;
    }

    @Override
    public String toString() {
        return "Layout" + shape + " strides " + Arrays.toString(strides) + " offset " + offset;
    }
}
