package dev.ricci.tensor.reference;

/** Special functions in double precision. */
final class Special {
    private static final double TWO_OVER_SQRT_PI = 1.1283791670955126;
    private static final double SQRT_PI = 1.772453850905516;
    private static final double SQRT_HALF = 0.7071067811865476;
    private static final double SQRT_2_OVER_PI = 0.7978845608028654;
    private static final double SQRT_2_PI = 2.5066282746310002;

    private Special() {
    }

    /** The error function, to 6e-16 relative. */
    static double erf(double x) {
        double a = Math.abs(x);
        if (a < 1) {
            return erfSeries(x);
        }
        return Math.copySign(1 - erfcTail(a), x);
    }

    /** 1 - erf(x), to 2e-15 relative, also where it is tiny. */
    static double erfc(double x) {
        if (x >= 1) {
            return erfcTail(x);
        }
        return x <= -1 ? 2 - erfcTail(-x) : 1 - erfSeries(x);
    }

    /**
     * 2 / sqrt(pi) e^(-x^2) times the sum of 2^n x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6), for |x| &lt; 1. No
     * term cancels another; summed from the smallest, in nested form.
     */
    private static double erfSeries(double x) {
        double sum = 1;
        for (int n = 24; n > 0; n--) {
            sum = 1 + 2 * x * x / (2 * n + 1) * sum;
        }
        return x * (TWO_OVER_SQRT_PI * gauss(x) * sum);
    }

    /**
     * erfc for x of 1 and above by the continued fraction e^(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) /
     * (x + ...)))) (Abramowitz and Stegun 7.1.14), evaluated from the inside; the depth grows with 1 / x^2.
     */
    private static double erfcTail(double x) {
        if (x > 27.5) {
            return Double.isNaN(x) ? x : 0;
        }
        double f = x;
        for (int n = 12 + (int) (250 / (x * x)); n > 0; n--) {
            f = x + 0.5 * n / f;
        }
        return gauss(x) / (SQRT_PI * f);
    }

    /** e^(-x^2); the rounding error of the square is put back, for the exponential would magnify it. */
    private static double gauss(double x) {
        double square = x * x;
        if (square > 800) {
            return 0;
        }
        return StrictMath.exp(-square) * (1 - StrictMath.fma(x, x, -square));
    }

    /** The normal distribution function. */
    static double normalCdf(double x) {
        return 0.5 * erfc(-x * SQRT_HALF);
    }

    static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + StrictMath.exp(-x));
        }
        double e = StrictMath.exp(x);
        return e / (1 + e);
    }

    static double softplus(double x) {
        return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
    }

    static double gelu(double x) {
        return x * normalCdf(x);
    }

    static double geluSlope(double x) {
        double density = StrictMath.exp(-0.5 * x * x) / SQRT_2_PI;
        return normalCdf(x) + (density == 0 ? 0 : x * density);
    }

    /** 0.5 (1 + tanh(u)) is the sigmoid of 2u, which does not cancel for negative u. */
    private static double tanhGate(double x) {
        return sigmoid(2 * SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
    }

    static double geluTanh(double x) {
        return x * tanhGate(x);
    }

    static double geluTanhSlope(double x) {
        double s = tanhGate(x);
        double inner = 2 * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
        return s == 0 || s == 1 ? s : s + x * s * (1 - s) * inner;
    }

    static double silu(double x) {
        return x * sigmoid(x);
    }

    static double siluSlope(double x) {
        double s = sigmoid(x);
        return s == 0 || s == 1 ? s : s * (1 + x * (1 - s));
    }
}
