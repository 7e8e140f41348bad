package dev.ricci.tensor;

import java.util.Arrays;

/** The sizes of a tensor's axes, outermost first. A value: immutable, compared by content. Rank 0 is a scalar. */
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;
    private final int size;

    private Shape(int[] dims) {
        boolean empty = false;
        for (int d : dims) {
            if (d < 0) {
                throw new ShapeException("Shape.of: sizes must not be negative, got " + Arrays.toString(dims));
            }
            empty |= d == 0;
        }
        long n = empty ? 0 : 1;
        for (int d : dims) {
            n *= d;
            if (n > Integer.MAX_VALUE - 64) {
                throw new ShapeException("Shape.of: " + Arrays.toString(dims)
                        + " has more elements than one tensor can hold (2^31 - 65); split it");
            }
        }
        this.dims = dims;
        this.size = (int) n;
    }

    /**
     * The shape with these sizes.
     *
     * @throws ShapeException if a size is negative or the number of elements exceeds 2^31 - 65
     */
    public static Shape of(int... dims) {
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    /** The shape of rank 0, which holds one element. */
    public static Shape scalar() {
        return SCALAR;
    }

    /** Number of axes. */
    public int rank() {
        return dims.length;
    }

    /**
     * The size of an axis.
     *
     * @param axis 0 .. rank-1, or -rank .. -1 counted from the end
     */
    public int dim(int axis) {
        return dims[axis("dim", axis)];
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    /** A copy of the sizes. */
    public int[] toArray() {
        return dims.clone();
    }

    /** Whether there is no element. */
    public boolean isEmpty() {
        return size == 0;
    }

    /**
     * An axis counted from the front.
     *
     * @param operation named in the error
     * @param axis 0 .. rank-1, or -rank .. -1
     * @throws ShapeException if there is no such axis
     */
    public int axis(String operation, int axis) {
        int a = axis < 0 ? axis + dims.length : axis;
        if (a < 0 || a >= dims.length) {
            throw new ShapeException(operation + ": axis " + axis + " does not exist in shape " + this
                    + (dims.length == 0 ? "; a scalar has no axes"
                    : "; it must lie in " + -dims.length + " .. " + (dims.length - 1)));
        }
        return a;
    }

    /** This shape with the size of one axis replaced. */
    public Shape with(int axis, int size) {
        int[] d = dims.clone();
        d[axis("with", axis)] = size;
        return new Shape(d);
    }

    /** This shape with an axis inserted before position {@code axis} (0 .. rank). */
    public Shape insert(int axis, int size) {
        if (axis < 0 || axis > dims.length) {
            throw new ShapeException("insert: position " + axis + " must lie in 0 .. " + dims.length + " for shape "
                    + this);
        }
        int[] d = new int[dims.length + 1];
        System.arraycopy(dims, 0, d, 0, axis);
        d[axis] = size;
        System.arraycopy(dims, axis, d, axis + 1, dims.length - axis);
        return new Shape(d);
    }

    /** This shape without one axis. */
    public Shape remove(int axis) {
        int a = axis("remove", axis);
        int[] d = new int[dims.length - 1];
        System.arraycopy(dims, 0, d, 0, a);
        System.arraycopy(dims, a + 1, d, a, dims.length - 1 - a);
        return new Shape(d);
    }

    /** The axes {@code from} (inclusive) to {@code to} (exclusive) as a shape of their own. */
    public Shape sub(int from, int to) {
        if (from < 0 || to < from || to > dims.length) {
            throw new ShapeException("sub: axes " + from + " .. " + to + " do not lie in shape " + this);
        }
        return of(Arrays.copyOfRange(dims, from, to));
    }

    /** The axes of this shape followed by those of another. */
    public Shape concat(Shape other) {
        int[] d = Arrays.copyOf(dims, dims.length + other.dims.length);
        System.arraycopy(other.dims, 0, d, dims.length, other.dims.length);
        return of(d);
    }

    /**
     * The shape to which both broadcast by NumPy's rules: aligned at the last axis, sizes equal or one of them 1.
     *
     * @param operation named in the error
     * @throws ShapeException if they do not broadcast
     */
    public Shape broadcast(String operation, Shape other) {
        if (equals(other)) {
            return this;
        }
        int rank = Math.max(dims.length, other.dims.length);
        int[] d = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int a = i <= dims.length ? dims[dims.length - i] : 1;
            int b = i <= other.dims.length ? other.dims[other.dims.length - i] : 1;
            if (a != b && a != 1 && b != 1) {
                throw new ShapeException(operation + ": shapes " + this + " and " + other
                        + " do not broadcast: axis " + -i + " has sizes " + a + " and " + b
                        + "; they must be equal or one of them 1");
            }
            d[rank - i] = a == 1 ? b : a;
        }
        return of(d);
    }

    @Override
    public boolean equals(Object o) {
        return o == this || o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** The sizes in brackets, such as {@code [2, 3]}. */
    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
