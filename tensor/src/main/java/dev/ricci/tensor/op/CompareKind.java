package dev.ricci.tensor.op;

import java.util.Locale;

/** The comparisons; a comparison with NaN is false except {@link #NE}. */
public enum CompareKind {
    /** a == b. */
    EQ,
    /** a != b. */
    NE,
    /** a &lt; b. */
    LT,
    /** a &lt;= b. */
    LE,
    /** a &gt; b. */
    GT,
    /** a &gt;= b. */
    GE;

    /** Lower-case name, as in errors and profiles. */
    public String opName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
