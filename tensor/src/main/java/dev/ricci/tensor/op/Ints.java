package dev.ricci.tensor.op;

import java.util.Arrays;

/** An immutable list of ints, compared by content: axes, orders, starts and steps in the attributes of ops. */
public final class Ints {
    private final int[] values;

    private Ints(int[] values) {
        this.values = values;
    }

    /** A list with these values (copied). */
    public static Ints of(int... values) {
        return new Ints(values.clone());
    }

    /** How many. */
    public int size() {
        return values.length;
    }

    /** The value at a position. */
    public int at(int i) {
        return values[i];
    }

    /** A copy as an array. */
    public int[] toArray() {
        return values.clone();
    }

    /** Whether a value occurs. */
    public boolean contains(int value) {
        for (int v : values) {
            if (v == value) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Ints i && Arrays.equals(values, i.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }
}
