package dev.ricci.tensor.op;

import java.util.Locale;

/** The element-wise functions of two inputs of one type. */
public enum BinaryKind {
    /** a + b. */
    ADD,
    /** a - b. */
    SUB,
    /** a * b. */
    MUL,
    /** a / b; on integers rounded towards zero, and a zero divisor is an error. */
    DIV,
    /** a to the power b; floats only. */
    POW,
    /** The larger; NaN if either is NaN. */
    MAX,
    /** The smaller; NaN if either is NaN. */
    MIN,
    /** a - b * floor(a / b), which has the sign of b; on integers a zero divisor is an error. */
    MOD,
    /** BOOL: both. */
    LOGICAL_AND,
    /** BOOL: either. */
    LOGICAL_OR,
    /** BOOL: exactly one. */
    LOGICAL_XOR;

    /** Lower-case name, as in errors and profiles. */
    public String opName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it takes and gives BOOL. */
    public boolean isLogical() {
        return this == LOGICAL_AND || this == LOGICAL_OR || this == LOGICAL_XOR;
    }
}
