package dev.ricci.tensor.spi;

import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * The checks that shape inference cannot make, because they depend on values inside tensors. Every CPU kernel makes
 * them through this class before it writes anything, so that the same input gives the same message everywhere.
 */
public final class IdCheck {
    private IdCheck() {
    }

    /**
     * The ids as a dense row-major array.
     *
     * @param op the name of the op, for the message
     * @param role what the ids are, such as {@code ids} or {@code positions}
     * @param ids I32 or I64, any layout
     * @param bound what each id must be below
     * @throws IndexOutOfRangeException if an id is negative or not below the bound
     */
    public static int[] read(String op, String role, Operand ids, int bound) {
        return read(op, role, ids, bound, false, 0);
    }

    /**
     * The ids as a dense row-major array, with -1 in place of ids equal to {@code ignore}.
     *
     * @param op the name of the op, for the message
     * @param role what the ids are
     * @param ids I32 or I64, any layout
     * @param bound what each id but {@code ignore} must be below
     * @param ignore the id that does not count
     * @throws IndexOutOfRangeException if another id is negative or not below the bound
     */
    public static int[] readIgnoring(String op, String role, Operand ids, int bound, int ignore) {
        return read(op, role, ids, bound, true, ignore);
    }

    private static int[] read(String op, String role, Operand ids, int bound, boolean ignoring, int ignore) {
        Shape shape = ids.shape();
        int[] out = new int[shape.size()];
        int[] at = new int[shape.rank()];
        for (int n = 0; n < out.length; n++) {
            long id = element(ids, ids.layout().index(at));
            if (ignoring && id == ignore) {
                out[n] = -1;
            } else if (id < 0 || id >= bound) {
                throw new IndexOutOfRangeException(op + ": " + role + " hold " + id + " at " + Arrays.toString(at)
                        + " of " + ids.dtype() + shape + "; " + (bound == 0 ? "there is nothing to choose from"
                        : "each must lie in 0 .. " + (bound - 1) + (ignoring ? " or be " + ignore : "")));
            } else {
                out[n] = (int) id;
            }
            for (int a = at.length - 1; a >= 0 && ++at[a] == shape.dim(a); a--) {
                at[a] = 0;
            }
        }
        return out;
    }

    /**
     * Where a slice of {@code length} elements starts along an axis of {@code size}.
     *
     * @param op the name of the op, for the message
     * @param start I32 or I64 scalar
     * @param length elements in the slice
     * @param size elements of the axis
     * @throws IndexOutOfRangeException if the slice does not lie within the axis
     */
    public static int start(String op, Operand start, int length, int size) {
        long at = element(start, start.layout().offset());
        if (at < 0 || at > size - length) {
            throw new IndexOutOfRangeException(op + ": start " + at + " with " + length
                    + " elements does not lie within an axis of " + size + "; it must lie in 0 .. " + (size - length));
        }
        return (int) at;
    }

    /**
     * Refuses zeros among integer divisors.
     *
     * @param op the name of the op, for the message
     * @param divisors dense, row-major
     * @param shape of the divisors
     * @throws TensorException if there is a zero
     */
    public static void divisors(String op, long[] divisors, Shape shape) {
        for (int n = 0; n < divisors.length; n++) {
            if (divisors[n] == 0) {
                int[] at = new int[shape.rank()];
                for (int a = at.length - 1, rest = n; a >= 0; a--) {
                    at[a] = rest % shape.dim(a);
                    rest /= shape.dim(a);
                }
                throw new TensorException(op + ": integer division by zero at " + Arrays.toString(at) + " of " + shape
                        + "; replace zero divisors first or divide as F32");
            }
        }
    }

    private static long element(Operand ids, int i) {
        return switch (ids.dtype()) {
            case I32 -> ids.heap().ints()[i];
            case I64 -> ids.heap().longs()[i];
            case F32, F64, F16, BF16, U8, BOOL -> throw new IllegalStateException("ids of type " + ids.dtype());
        };
    }
}
