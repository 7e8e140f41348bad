package dev.ricci.examples.study;

import java.util.Locale;

/**
 * A mean of a few values, and half the width of its 95 % interval by Student's t; NaN for a single value.
 *
 * @param mean of the values
 * @param half half the width
 * @param n how many values
 */
record Interval(double mean, double half, int n) {
    /** The 0.975 quantiles of t with 1, 2, ... degrees of freedom (any table of it). */
    private static final double[] T = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

    /** Of values, one for each seed. */
    static Interval of(double... values) {
        double mean = 0;
        for (double v : values) {
            mean += v / values.length;
        }
        double squares = 0;
        for (double v : values) {
            squares += (v - mean) * (v - mean);
        }
        int n = values.length;
        // Beyond the table its last entry, which is a little too large.
        double t = n < 2 ? Double.NaN : T[Math.min(n - 2, T.length - 1)];
        return new Interval(mean, t * Math.sqrt(squares / Math.max(1, n - 1) / n), n);
    }

    double low() {
        return mean - half;
    }

    double high() {
        return mean + half;
    }

    /** Whether all of it lies above a number; of a single value nothing is known. */
    boolean isAbove(double number) {
        return low() > number;
    }

    /** Whether all of it lies below a number. */
    boolean isBelow(double number) {
        return high() < number;
    }

    /** Mean and half width with so many digits behind the point. */
    String text(int digits) {
        return n == 0 ? "-" : n < 2 ? String.format(Locale.ROOT, "%." + digits + "f", mean)
            : String.format(Locale.ROOT, "%." + digits + "f ± %." + digits + "f", mean, half);
    }
}
