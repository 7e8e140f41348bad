package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * Functions that devices lack, or have without NaN, from the polynomials of the CPU's {@code Elementary}. A sum whose one
 * term is a product becomes a fused multiply-add. No NaN or infinity is written as a constant: OpenCL's code generator
 * has no word for them.
 */
final class DeviceMath {
    private DeviceMath() {
    }

    /** NaN if either is. */
    static float max(float a, float b) {
        return a != a ? a : b != b ? b : a > b ? a : b;
    }

    /** NaN if either is. */
    static float min(float a, float b) {
        return a != a ? a : b != b ? b : a < b ? a : b;
    }

    /** e^x - 1. */
    static float expm1(float x) {
        float p = 0x1.a032c4p-13f;
        p = p * x + 0x1.6d723ep-10f;
        p = p * x + 0x1.11118ap-7f;
        p = p * x + 0x1.5554bp-5f;
        p = p * x + 0x1.555554p-3f;
        p = p * x + 0.5f;
        float near = x * x * p + x;
        near = TornadoMath.abs(x) < 0x1p-24f ? x : near;
        return TornadoMath.abs(x) < 0.35f ? near : TornadoMath.exp(x) - 1f;
    }

    /** log(1 + x). */
    static float log1p(float x) {
        float u = x + 1f;
        float c = (x - (u - 1f)) / u;
        float y = TornadoMath.log(u);
        return x > -1f && x < 0x1p25f ? y + c : y;
    }

    /** 1 / (1 + e^-x). */
    static float sigmoid(float x) {
        float z = TornadoMath.exp(-TornadoMath.abs(x));
        return (x < 0f ? z : 1f) / (z + 1f);
    }

    /** Error function. */
    static float erf(float x) {
        float a = TornadoMath.abs(x);
        float z = x * x;
        float p = 0x1.5bfc34p-14f;
        p = p * z + -0x1.aa06bcp-11f;
        p = p * z + 0x1.54c2dp-8f;
        p = p * z + -0x1.b80e3p-6f;
        p = p * z + 0x1.ce2e06p-4f;
        p = p * z + -0x1.812742p-2f;
        p = p * z + 0x1.20dd76p0f;
        float t = 0x1.6d0dcp-28f;
        t = t * a + -0x1.1f9e14p-22f;
        t = t * a + 0x1.9c1c6p-18f;
        t = t * a + -0x1.64cec6p-14f;
        t = t * a + 0x1.a31778p-11f;
        t = t * a + -0x1.64004ep-8f;
        t = t * a + 0x1.c8d2a2p-6f;
        t = t * a + -0x1.cb552ap-4f;
        t = t * a + 0x1.7ade0cp-2f;
        t = t * a + -0x1.2191f8p0f;
        t = t * a + 0x1.0c565ep-11f;
        float far = 1f - (a > 7f ? 0f : TornadoMath.exp(t - a * a));
        return a < 0.9375f ? x * p : x < 0f ? -far : far;
    }

    /** The standard normal distribution function from e = exp(-x^2 / 2). */
    static float normalCdf(float x, float e) {
        float y = 1f / (TornadoMath.abs(x) * 0.25f + 1f);
        float p = 0x1.0fa628p-6f;
        p = p * y + -0x1.013524p-4f;
        p = p * y + 0x1.a72fd8p-5f;
        p = p * y + 0x1.d1c23ap-6f;
        p = p * y + 0x1.a0c2ccp-7f;
        p = p * y + 0x1.62eea4p-4f;
        p = p * y + 0x1.26ea1cp-4f;
        p = p * y + 0x1.873b3ap-4f;
        p = p * y + 0x1.97858ap-4f;
        p = p * y + 0x1.989142p-4f;
        float tail = p * y * e;
        return x < 0f ? tail : 1f - tail;
    }

    /** GELU (16), its tanh form (17) or SILU (18). */
    static float activation(int kind, float x) {
        float y = 0f;
        if (kind == 16) {
            y = x * normalCdf(x, TornadoMath.exp(x * -0.5f * x));
        } else if (kind == 17) {
            y = x / (TornadoMath.exp(x * (x * x * -0x1.2444f2p-4f + -0x1.988454p0f)) + 1f);
        } else {
            y = x / (TornadoMath.exp(-x) + 1f);
        }
        return y;
    }

    /** The derivative of {@link #activation}. */
    static float slope(int kind, float x) {
        float y = 0f;
        if (kind == 16) {
            float e = TornadoMath.exp(x * -0.5f * x);
            float cdf = normalCdf(x, e);
            y = e == 0f ? cdf : x * 0x1.988454p-2f * e + cdf;
        } else {
            float z = x * x;
            float rise = x;
            float e = 0f;
            if (kind == 17) {
                e = TornadoMath.exp(x * (z * -0x1.2444f2p-4f + -0x1.988454p0f));
                rise = x * (z * 0x1.b6676bp-3f + 0x1.988454p0f);
            } else {
                e = TornadoMath.exp(-x);
            }
            float s = 1f / (e + 1f);
            float d = s * (1f - s);
            y = d == 0f ? s : d * rise + s;
        }
        return y;
    }

    /** Word i of 2 / pi, a word of zeros before the point. */
    private static long word(int i) {
        return i == 0 ? 0 : i == 1 ? 0xA2F9836EL : i == 2 ? 0x4E441529L : i == 3 ? 0xFC2757D1L : i == 4 ? 0xF534DDC0L
                : i == 5 ? 0xDB629599L : 0x3C439041L;
    }

    /** The 28 bits of 2 / pi from the one of weight 2^(-1-from) on. */
    private static double bits(int from) {
        int at = from + 32;
        int i = at / 32;
        long two = (word(i) << 32) | word(i + 1);
        return (two >> (36 - at % 32)) & 0xFFFFFFF;
    }

    /**
     * sin(x + shift pi / 2). Of large arguments the product with 2 / pi modulo 4 is made of the bits that count (Payne and
     * Hanek 1983), for devices differ there.
     */
    static float sine(float x, int shift) {
        double a = TornadoMath.abs(x);
        int e = 0;
        for (int s = 0; s < 104; s++) {
            if (a >= 0x1p24) {
                a = a * 0.5;
                e = e + 1;
            }
        }
        double high = a * (bits(e - 2) * 0x1p-26);
        high = high - 4.0 * TornadoMath.floor(high * 0.25);
        double turn = a * (bits(e + 26) * 0x1p-54) + high;
        double whole = TornadoMath.floor(turn + 0.5);
        int k = (int) whole + shift;
        float r = (float) ((turn - whole) * 1.5707963267948966);
        if (x < 0f) {
            // sin(-a + shift pi / 2): the same with r and the quadrant negated.
            r = -r;
            k = 4 - (int) whole + shift;
        }
        float z = r * r;
        float sin = 0x1.6cd734p-19f;
        sin = sin * z + -0x1.a00f98p-13f;
        sin = sin * z + 0x1.111108p-7f;
        sin = sin * z + -0x1.555556p-3f;
        sin = r * z * sin + r;
        float cos = 0x1.9a00cep-16f;
        cos = cos * z + -0x1.6c0c86p-10f;
        cos = cos * z + 0x1.55554ap-5f;
        cos = z * z * cos + (z * -0.5f + 1f);
        float y = k % 2 == 0 ? sin : cos;
        y = k / 2 % 2 == 0 ? y : -y;
        return x - x == 0f ? y : x - x;
    }

    /** sin(r + quadrant pi / 2) in double precision, |r| up to pi / 4, by Taylor's series: devices' own may be a float's. */
    static double quarterSine(double r, int quadrant) {
        double z = r * r;
        double sin = 1.0;
        double cos = 1.0;
        for (int n = 9; n > 0; n--) {
            sin = 1.0 - z / (2 * n * (2 * n + 1)) * sin;
            cos = 1.0 - z / (2 * n * (2 * n - 1)) * cos;
        }
        double y = quadrant % 2 == 0 ? r * sin : cos;
        return quadrant / 2 % 2 == 0 ? y : -y;
    }

    /** Nearest integer, ties to even. */
    static float rint(float x) {
        float a = TornadoMath.abs(x);
        float r = a + 0x1p23f - 0x1p23f;
        return a < 0x1p23f ? x < 0f ? -r : r : x;
    }

    /** a - b floor(a / b), with the sign of b. */
    static float mod(float a, float b, float quotient) {
        float whole = TornadoMath.floor(quotient);
        float r = -whole * b + a;
        float size = TornadoMath.abs(b);
        // The quotient may have been rounded over a whole number.
        if (r != 0f && (r < 0f) != (b < 0f)) {
            r = r + b;
        }
        if (TornadoMath.abs(r) >= size) {
            r = r - b;
        }
        return r;
    }

    /** Rounded to nearest even with the precision and range of F16 (kind 1) or BF16 (kind 2); kind 0 leaves it. */
    static float round16(int kind, float x, float infinity) {
        float y = x;
        float a = TornadoMath.abs(x);
        if (kind != 0 && a < infinity) {
            // The power of two below a, but no smaller than that of the smallest normal number.
            float power = kind == 1 ? 0x1p-14f : 0x1p-126f;
            int most = kind == 1 ? 30 : 253;
            for (int s = 0; s < most; s++) {
                if (power * 2f <= a) {
                    power = power * 2f;
                }
            }
            if (kind == 2 && power > 0x1p100f) {
                // Scaled down, for the sum would overflow.
                float small = a * 0x1p-60f;
                float shift = power * 0x1p-44f;
                y = (small + shift - shift) * 0x1p60f;
            } else {
                float magic = power * (kind == 1 ? 0x1p13f : 0x1p16f);
                y = a + magic - magic;
            }
            if (kind == 1 && y >= 65520f) {
                y = infinity;
            }
            y = x < 0f ? -y : y;
        }
        return y;
    }
}
