package dev.ricci.examples.study;

/**
 * What became of an expectation.
 *
 * @param claim what was expected
 * @param verdict confirmed or refuted
 * @param numbers that decide
 */
record Finding(String claim, String verdict, String numbers) {
    /** Decided by a comparison. */
    static Finding of(String claim, boolean holds, String numbers) {
        return new Finding(claim, holds ? "confirmed" : "refuted", numbers);
    }
}
