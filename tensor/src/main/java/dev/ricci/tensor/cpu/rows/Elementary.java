package dev.ricci.tensor.cpu.rows;

/**
 * Elementary functions on single floats from FMA polynomials (minimax fits, errors relative to the function), with the
 * very sequence of operations that the vector kernels run per lane, so that a vector and its scalar tail agree bit
 * for bit. {@code Math.exp} and its kin are avoided: the interpreter's and the compiler's versions may differ.
 */
public final class Elementary {
    /** 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits. */
    public static final float MAGIC = 0x1.8p23f;
    /** The bits of {@link #MAGIC}. */
    public static final int MAGIC_BITS = 0x4B400000;

    /** log2(e). */
    public static final float LOG2_E = 0x1.715476p0f;
    /** log(2), upper part. */
    public static final float LN2_HI = 0x1.62e43p-1f;
    /** log(2), lower part. */
    public static final float LN2_LO = -0x1.05c61p-29f;
    /** Above it exp is infinite. */
    public static final float EXP_MAX = 0x1.62e42ep6f;
    /** Below it exp is 0. */
    public static final float EXP_MIN = -0x1.9fe368p6f;
    /** exp(r) = 1 + r + r^2 (E0 + E1 r + ...) for |r| &lt;= log(2) / 2, within 2^-28. */
    public static final float E0 = 0x1.fffffcp-2f;
    /** See {@link #E0}. */
    public static final float E1 = 0x1.555492p-3f;
    /** See {@link #E0}. */
    public static final float E2 = 0x1.5558f2p-5f;
    /** See {@link #E0}. */
    public static final float E3 = 0x1.123a2p-7f;
    /** See {@link #E0}. */
    public static final float E4 = 0x1.6a23cep-10f;

    /** Below it {@link #expNormal} is 0: what it gives is never denormal. */
    public static final float NORMAL_MIN = -0x1.5d589ep6f;
    /** Above it {@link #expNormal} is infinite, a third of a unit before exp is. */
    public static final float NORMAL_MAX = 0x1.617ae2p6f;
    /** {@link #MAGIC} and the bias of exponents: what rounds by it has the bits of a power of two at its end. */
    public static final float MAGIC_BIASED = 0x1.8p23f + 127;

    /** expm1(r) = r + r^2 (0.5 + M1 r + ...) for |r| &lt;= log(2) / 2, within 2^-32. */
    public static final float M1 = 0x1.555554p-3f;
    /** See {@link #M1}. */
    public static final float M2 = 0x1.5554bp-5f;
    /** See {@link #M1}. */
    public static final float M3 = 0x1.11118ap-7f;
    /** See {@link #M1}. */
    public static final float M4 = 0x1.6d723ep-10f;
    /** See {@link #M1}. */
    public static final float M5 = 0x1.a032c4p-13f;
    /** Below it expm1 is -1. */
    public static final float EXPM1_MIN = -17.5f;
    /** Up to this size expm1(x) is x. */
    public static final float TINY = 0x1p-24f;

    /** The bits of sqrt(1/2), rounded down: mantissas are taken from there to sqrt(2). */
    public static final int SQRT_HALF_BITS = 0x3f3504f3;
    /** log(2) in 16 bits, so that its products with exponents are exact. */
    public static final float LN2_SHORT = 0x1.62e4p-1f;
    /** The rest of log(2) beside {@link #LN2_SHORT}. */
    public static final float LN2_REST = 0x1.7f7d1cp-20f;
    /** log((1 + s) / (1 - s)) = 2 s + s (z (G0 + G1 z + ...)), z = s^2, within 2^-36 in s. */
    public static final float G0 = 0x1.555554p-1f;
    /** See {@link #G0}. */
    public static final float G1 = 0x1.999a82p-2f;
    /** See {@link #G0}. */
    public static final float G2 = 0x1.2436fep-2f;
    /** See {@link #G0}. */
    public static final float G3 = 0x1.e340bcp-3f;

    /** 2 / pi. */
    public static final float TWO_OVER_PI = 0x1.45f306p-1f;
    /** pi / 2, first part. */
    public static final float HALF_PI_1 = 0x1.921fb6p0f;
    /** pi / 2, second part. */
    public static final float HALF_PI_2 = -0x1.777a5cp-25f;
    /** pi / 2, third part. */
    public static final float HALF_PI_3 = -0x1.ee59dap-50f;
    /** Up to this size sin and cos reduce their argument in float; beyond, StrictMath takes over. */
    public static final float TRIG_MAX = 0x1p16f;
    /** sin(r) = r + r^3 (S0 + S1 z + ...), z = r^2, for |r| &lt;= pi / 4, within 2^-37. */
    public static final float S0 = -0x1.555556p-3f;
    /** See {@link #S0}. */
    public static final float S1 = 0x1.111108p-7f;
    /** See {@link #S0}. */
    public static final float S2 = -0x1.a00f98p-13f;
    /** See {@link #S0}. */
    public static final float S3 = 0x1.6cd734p-19f;
    /** cos(r) = 1 - z / 2 + z^2 (C0 + C1 z + ...), within 2^-33. */
    public static final float C0 = 0x1.55554ap-5f;
    /** See {@link #C0}. */
    public static final float C1 = -0x1.6c0c86p-10f;
    /** See {@link #C0}. */
    public static final float C2 = 0x1.9a00cep-16f;

    /** Below this size erf is x (F0 + F1 z + ...), z = x^2, within 2^-30; above, 1 - erfc. */
    public static final float ERF_SPLIT = 0.9375f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F0 = 0x1.20dd76p0f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F1 = -0x1.812742p-2f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F2 = 0x1.ce2e06p-4f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F3 = -0x1.b80e3p-6f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F4 = 0x1.54c2dp-8f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F5 = -0x1.aa06bcp-11f;
    /** See {@link #ERF_SPLIT}. */
    public static final float F6 = 0x1.5bfc34p-14f;
    /** Above it erfc counts as 0. */
    public static final float ERFC_MAX = 7;
    /** erfc(a) = exp(-a^2 + H0 + H1 a + ...) from {@link #ERF_SPLIT} to {@link #ERFC_MAX}, within 2^-24. */
    public static final float H0 = 0x1.0c565ep-11f;
    /** See {@link #H0}. */
    public static final float H1 = -0x1.2191f8p0f;
    /** See {@link #H0}. */
    public static final float H2 = 0x1.7ade0cp-2f;
    /** See {@link #H0}. */
    public static final float H3 = -0x1.cb552ap-4f;
    /** See {@link #H0}. */
    public static final float H4 = 0x1.c8d2a2p-6f;
    /** See {@link #H0}. */
    public static final float H5 = -0x1.64004ep-8f;
    /** See {@link #H0}. */
    public static final float H6 = 0x1.a31778p-11f;
    /** See {@link #H0}. */
    public static final float H7 = -0x1.64cec6p-14f;
    /** See {@link #H0}. */
    public static final float H8 = 0x1.9c1c6p-18f;
    /** See {@link #H0}. */
    public static final float H9 = -0x1.1f9e14p-22f;
    /** See {@link #H0}. */
    public static final float H10 = 0x1.6d0dcp-28f;

    /** sqrt(1 / 2). */
    public static final float SQRT_HALF = 0x1.6a09e6p-1f;
    /** 1 / sqrt(2 pi). */
    public static final float NORMAL_DENSITY = 0x1.988454p-2f;
    /** Phi(-x) = exp(-x^2 / 2) y (P0 + P1 y + ...), y = 1 / (1 + x / 4), for x &gt;= 0, within 2^-27. */
    public static final float P0 = 0x1.989142p-4f;
    /** See {@link #P0}. */
    public static final float P1 = 0x1.97858ap-4f;
    /** See {@link #P0}. */
    public static final float P2 = 0x1.873b3ap-4f;
    /** See {@link #P0}. */
    public static final float P3 = 0x1.26ea1cp-4f;
    /** See {@link #P0}. */
    public static final float P4 = 0x1.62eea4p-4f;
    /** See {@link #P0}. */
    public static final float P5 = 0x1.a0c2ccp-7f;
    /** See {@link #P0}. */
    public static final float P6 = 0x1.d1c23ap-6f;
    /** See {@link #P0}. */
    public static final float P7 = 0x1.a72fd8p-5f;
    /** See {@link #P0}. */
    public static final float P8 = -0x1.013524p-4f;
    /** See {@link #P0}. */
    public static final float P9 = 0x1.0fa628p-6f;
    /** The tanh form of GELU is x sigmoid(x (GATE_1 + GATE_3 x^2)): 2 sqrt(2 / pi). */
    public static final float GATE_1 = 0x1.988454p0f;
    /** See {@link #GATE_1}: the same times 0.044715. */
    public static final float GATE_3 = 0x1.2444f2p-4f;
    /** tanh beyond it is 1. */
    public static final float TANH_MAX = 10;

    private Elementary() {
    }

    private static float powerOfTwo(int k) {
        return Float.intBitsToFloat(k + 127 << 23);
    }

    /** e^x. */
    public static float exp(float x) {
        float t = Math.fma(x, LOG2_E, MAGIC);
        float n = t - MAGIC;
        float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, x));
        float p = Math.fma(E4, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, E1);
        p = Math.fma(p, r, E0);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        // 2^k in two factors: denormal results, and k = 128.
        int k = Float.floatToRawIntBits(t) - MAGIC_BITS;
        int half = k >> 1;
        p = p * powerOfTwo(half) * powerOfTwo(k - half);
        if (x > EXP_MAX) {
            return Float.POSITIVE_INFINITY;
        }
        return x < EXP_MIN ? 0 : p;
    }

    /** e^x where it is a normal float; what would be denormal is 0. Two thirds of the work of {@link #exp}. */
    public static float expNormal(float x) {
        float t = Math.fma(x, LOG2_E, MAGIC_BIASED);
        float n = t - MAGIC_BIASED;
        float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, x));
        float p = Math.fma(E4, r, E3);
        p = Math.fma(p, r, E2);
        p = Math.fma(p, r, E1);
        p = Math.fma(p, r, E0);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        p *= Float.intBitsToFloat(Float.floatToRawIntBits(t) << 23);
        if (x > NORMAL_MAX) {
            return Float.POSITIVE_INFINITY;
        }
        return x < NORMAL_MIN ? 0 : p;
    }

    /** e^x - 1. */
    public static float expm1(float x) {
        float t = Math.fma(x, LOG2_E, MAGIC);
        float n = t - MAGIC;
        float r = Math.fma(n, -LN2_LO, Math.fma(n, -LN2_HI, x));
        float p = Math.fma(M5, r, M4);
        p = Math.fma(p, r, M3);
        p = Math.fma(p, r, M2);
        p = Math.fma(p, r, M1);
        p = Math.fma(p, r, 0.5f);
        float q = Math.fma(r * r, p, r);
        // Half of 2^k, which does not overflow for k = 128.
        float s = powerOfTwo(Float.floatToRawIntBits(t) - MAGIC_BITS - 1);
        float y = 2 * Math.fma(q, s, s - 0.5f);
        if (x > EXP_MAX) {
            return Float.POSITIVE_INFINITY;
        }
        if (x < EXPM1_MIN) {
            return -1;
        }
        return Math.abs(x) < TINY ? x : y;
    }

    /** Natural logarithm. */
    public static float log(float x) {
        boolean denormal = x < Float.MIN_NORMAL;
        float v = denormal ? x * 0x1p23f : x;
        int i = Float.floatToRawIntBits(v) - SQRT_HALF_BITS;
        float k = (i >> 23) + (denormal ? -23f : 0f);
        float f = Float.intBitsToFloat((i & 0x7FFFFF) + SQRT_HALF_BITS) - 1;
        float s = f / (f + 2);
        float z = s * s;
        float p = Math.fma(G3, z, G2);
        p = Math.fma(p, z, G1);
        p = Math.fma(p, z, G0);
        float h = f * f * 0.5f;
        float y = Math.fma(s, Math.fma(p, z, h), k * LN2_REST) - h + f;
        y = Math.fma(k, LN2_SHORT, y);
        if (!(x < Float.POSITIVE_INFINITY)) {
            return x;
        }
        if (x < 0) {
            return Float.NaN;
        }
        return x == 0 ? Float.NEGATIVE_INFINITY : y;
    }

    /** log(1 + x). */
    public static float log1p(float x) {
        float u = x + 1;
        // What rounding 1 + x lost, to first order.
        float c = (x - (u - 1)) / u;
        return log(u) + (x > -1 && x < 0x1p25f ? c : 0);
    }

    /** Hyperbolic tangent. */
    public static float tanh(float x) {
        float a = Math.abs(x);
        float t = expm1(2 * (a > TANH_MAX ? TANH_MAX : a));
        return Math.copySign(t / (t + 2), x);
    }

    /** 1 / (1 + e^-x). */
    public static float sigmoid(float x) {
        float z = exp(-Math.abs(x));
        return (x < 0 ? z : 1) / (z + 1);
    }

    /** x * sigmoid(x). */
    public static float silu(float x) {
        return x / (expNormal(-x) + 1);
    }

    /** The derivative of {@link #silu}. */
    public static float siluSlope(float x) {
        return slope(expNormal(-x), x);
    }

    /** The derivative of x sigmoid(u) from e^-u and x u'. */
    private static float slope(float e, float rise) {
        float s = 1 / (e + 1);
        float d = s * (1 - s);
        return d == 0 ? s : Math.fma(d, rise, s);
    }

    /** log(1 + e^x). */
    public static float softplus(float x) {
        return (x > 0 ? x : 0) + log1p(exp(-Math.abs(x)));
    }

    private static float erfFactor(float z) {
        float p = Math.fma(F6, z, F5);
        p = Math.fma(p, z, F4);
        p = Math.fma(p, z, F3);
        p = Math.fma(p, z, F2);
        p = Math.fma(p, z, F1);
        return Math.fma(p, z, F0);
    }

    /** erfc(a) for a from {@link #ERF_SPLIT} on. */
    private static float erfcTail(float a) {
        float p = Math.fma(H10, a, H9);
        p = Math.fma(p, a, H8);
        p = Math.fma(p, a, H7);
        p = Math.fma(p, a, H6);
        p = Math.fma(p, a, H5);
        p = Math.fma(p, a, H4);
        p = Math.fma(p, a, H3);
        p = Math.fma(p, a, H2);
        p = Math.fma(p, a, H1);
        p = Math.fma(p, a, H0);
        float e = exp(Math.fma(-a, a, p));
        return a > ERFC_MAX ? 0 : e;
    }

    /** Error function. */
    public static float erf(float x) {
        float a = Math.abs(x);
        return a < ERF_SPLIT ? x * erfFactor(x * x) : Math.copySign(1 - erfcTail(a), x);
    }

    /** The standard normal distribution function from exp(-x^2 / 2). */
    private static float normalCdf(float x, float e) {
        float y = 1 / Math.fma(Math.abs(x), 0.25f, 1);
        float p = Math.fma(P9, y, P8);
        p = Math.fma(p, y, P7);
        p = Math.fma(p, y, P6);
        p = Math.fma(p, y, P5);
        p = Math.fma(p, y, P4);
        p = Math.fma(p, y, P3);
        p = Math.fma(p, y, P2);
        p = Math.fma(p, y, P1);
        p = Math.fma(p, y, P0);
        float tail = p * y * e;
        return x < 0 ? tail : 1 - tail;
    }

    /** The standard normal distribution function. */
    public static float normalCdf(float x) {
        return normalCdf(x, expNormal(x * -0.5f * x));
    }

    /** x * Phi(x). */
    public static float gelu(float x) {
        return x * normalCdf(x);
    }

    /** The derivative of {@link #gelu}. */
    public static float geluSlope(float x) {
        float e = expNormal(x * -0.5f * x);
        float cdf = normalCdf(x, e);
        return e == 0 ? cdf : Math.fma(x * NORMAL_DENSITY, e, cdf);
    }

    /** The tanh form of GELU: 0.5 (1 + tanh(u)) is sigmoid(2 u), which keeps its precision for negative u. */
    public static float geluTanh(float x) {
        return x / (expNormal(x * Math.fma(x * x, -GATE_3, -GATE_1)) + 1);
    }

    /** The derivative of {@link #geluTanh}. */
    public static float geluTanhSlope(float x) {
        float z = x * x;
        return slope(expNormal(x * Math.fma(z, -GATE_3, -GATE_1)), x * Math.fma(z, 3 * GATE_3, GATE_1));
    }

    private static float reduce(float x, float n) {
        return Math.fma(n, -HALF_PI_3, Math.fma(n, -HALF_PI_2, Math.fma(n, -HALF_PI_1, x)));
    }

    private static float sinPolynomial(float r, float z) {
        float p = Math.fma(S3, z, S2);
        p = Math.fma(p, z, S1);
        p = Math.fma(p, z, S0);
        return Math.fma(r * z, p, r);
    }

    private static float cosPolynomial(float z) {
        float p = Math.fma(C2, z, C1);
        p = Math.fma(p, z, C0);
        return Math.fma(z * z, p, Math.fma(z, -0.5f, 1));
    }

    /** Sine of radians. */
    public static float sin(float x) {
        if (!(Math.abs(x) <= TRIG_MAX)) {
            return (float) StrictMath.sin(x);
        }
        return quadrant(x, 0);
    }

    /** Cosine of radians. */
    public static float cos(float x) {
        if (!(Math.abs(x) <= TRIG_MAX)) {
            return (float) StrictMath.cos(x);
        }
        return quadrant(x, 1);
    }

    /** sin(x + shift pi / 2). */
    private static float quadrant(float x, int shift) {
        float t = Math.fma(x, TWO_OVER_PI, MAGIC);
        int k = Float.floatToRawIntBits(t) - MAGIC_BITS + shift;
        float r = reduce(x, t - MAGIC);
        float z = r * r;
        float y = (k & 1) == 0 ? sinPolynomial(r, z) : cosPolynomial(z);
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (k & 2) << 30);
    }
}
