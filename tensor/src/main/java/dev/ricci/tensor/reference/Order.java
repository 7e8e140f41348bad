package dev.ricci.tensor.reference;

import dev.ricci.tensor.spi.Operand;

/** The order of an operand's elements, by their row-major places: numbers by value (-0 equals 0), NaN above all. */
interface Order {
    /** Negative, zero or positive as element {@code a} is below, equal to or above element {@code b}. */
    int compare(int a, int b);

    /** Whether an element is NaN. */
    boolean isNan(int a);

    static Order of(Operand x) {
        if (Dense.isFloating(x)) {
            double[] v = Dense.doubles(x);
            return new Order() {
                @Override
                public int compare(int a, int b) {
                    return isNan(a) || isNan(b) ? Boolean.compare(isNan(a), isNan(b))
                            : v[a] < v[b] ? -1 : v[a] > v[b] ? 1 : 0;
                }

                @Override
                public boolean isNan(int a) {
                    return Double.isNaN(v[a]);
                }
            };
        }
        long[] v = Dense.longs(x);
        return new Order() {
            @Override
            public int compare(int a, int b) {
                return Long.compare(v[a], v[b]);
            }

            @Override
            public boolean isNan(int a) {
                return false;
            }
        };
    }
}
