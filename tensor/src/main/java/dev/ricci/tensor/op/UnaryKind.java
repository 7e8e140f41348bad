package dev.ricci.tensor.op;

import java.util.Locale;

/** The element-wise functions of one input. */
public enum UnaryKind {
    /** -x. */
    NEG,
    /** |x|. */
    ABS,
    /** -1, 0 or 1; NaN stays NaN. */
    SIGN,
    /** x * x. */
    SQUARE,
    /** e^x. */
    EXP,
    /** e^x - 1, exact near 0. */
    EXPM1,
    /** Natural logarithm. */
    LOG,
    /** log(1 + x), exact near 0. */
    LOG1P,
    /** Square root. */
    SQRT,
    /** 1 / sqrt(x). */
    RSQRT,
    /** 1 / x. */
    RECIPROCAL,
    /** Sine of radians. */
    SIN,
    /** Cosine of radians. */
    COS,
    /** Hyperbolic tangent. */
    TANH,
    /** 1 / (1 + e^-x). */
    SIGMOID,
    /** max(x, 0); NaN stays NaN. */
    RELU,
    /** x * Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel 2016, exact form). */
    GELU,
    /** 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016, tanh form). */
    GELU_TANH,
    /** x * sigmoid(x) (Elfwing et al. 2017). */
    SILU,
    /** log(1 + e^x) without overflow. */
    SOFTPLUS,
    /** Error function. */
    ERF,
    /** Largest integer not above x. */
    FLOOR,
    /** Smallest integer not below x. */
    CEIL,
    /** Nearest integer, ties to even. */
    ROUND,
    /** BOOL to BOOL: not x. */
    LOGICAL_NOT,
    /** Float to BOOL: whether x is NaN. */
    IS_NAN,
    /** Float to BOOL: whether x is neither NaN nor infinite. */
    IS_FINITE;

    /** Lower-case name, as in errors and profiles. */
    public String opName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
