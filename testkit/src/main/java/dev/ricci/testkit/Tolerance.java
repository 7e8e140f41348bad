package dev.ricci.testkit;

/**
 * How far an element may lie from what is expected: |actual - expected| &lt;= atol + rtol * |expected|.
 *
 * @param rtol relative part
 * @param atol absolute part
 */
public record Tolerance(double rtol, double atol) {
    /** No difference at all (0 and -0 count as equal, NaN equals NaN). */
    public static final Tolerance EXACT = new Tolerance(0, 0);

    /** Checks that both parts are finite and not negative. */
    public Tolerance {
        if (!(rtol >= 0 && atol >= 0 && rtol + atol < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("Tolerance: both parts must be finite and not negative, got " + rtol
                    + " and " + atol);
        }
    }

    /** Whether a pair lies within it. NaN is near NaN only, an infinity near itself only. */
    public boolean accepts(double actual, double expected) {
        if (actual == expected || Double.isNaN(actual) && Double.isNaN(expected)) {
            return true;
        }
        return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected) && !Double.isInfinite(expected);
    }

    /** How far a pair lies outside, in units of what is allowed; for the choice of the worst element. */
    double excess(double actual, double expected) {
        double distance = Math.abs(actual - expected);
        return Double.isNaN(distance) || Double.isInfinite(distance) ? Double.POSITIVE_INFINITY
                : distance / (atol + rtol * Math.abs(expected) + Double.MIN_NORMAL);
    }
}
