package dev.ricci.tensor.op;

import java.util.Locale;

/** The reductions. */
public enum ReduceKind {
    /** Sum; 0 of nothing. */
    SUM,
    /** Sum of squares; 0 of nothing. */
    SUM_SQUARES,
    /** Arithmetic mean; NaN of nothing. */
    MEAN,
    /** Product; 1 of nothing. */
    PROD,
    /** Largest; NaN if any is NaN; an error of nothing. */
    MAX,
    /** Smallest; NaN if any is NaN; an error of nothing. */
    MIN,
    /** log(sum(exp(x))) without overflow; -infinity of nothing. */
    LOG_SUM_EXP,
    /** BOOL: whether any is true; false of nothing. */
    ANY,
    /** BOOL: whether all are true; true of nothing. */
    ALL;

    /** Lower-case name, as in errors and profiles. */
    public String opName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
