package dev.ricci.examples.study;

/**
 * What became of an expectation.
 *
 * @param claim what was expected
 * @param verdict confirmed or refuted
 * @param numbers that decide
 */
record Finding(String claim, String verdict, String numbers) {
    private static final String OPEN = "open: the interval decides nothing";

    /** Confirmed above a number, refuted below it; open if the interval of what was measured holds it. */
    static Finding above(double number, Interval measured, String claim, String numbers) {
        return new Finding(claim, measured.isAbove(number) ? "confirmed" : measured.isBelow(number) ? "refuted" : OPEN, numbers);
    }

    /** Confirmed below a number, refuted above it; open if the interval of what was measured holds it. */
    static Finding below(double number, Interval measured, String claim, String numbers) {
        return new Finding(claim, measured.isBelow(number) ? "confirmed" : measured.isAbove(number) ? "refuted" : OPEN, numbers);
    }

    /** Decided by a comparison. */
    static Finding of(String claim, boolean holds, String numbers) {
        return new Finding(claim, holds ? "confirmed" : "refuted", numbers);
    }
}
