package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/**
 * The element-wise functions of floats by their kinds' ordinals. TornadoVM inlines them, as it must, only up to 600 nodes
 * each.
 */
final class Functions {
    private Functions() {
    }

    /** {@link dev.ricci.tensor.op.UnaryKind} but for sine, cosine and {@link #curve}. */
    static float unary(int kind, float x) {
        float y = x;
        if (kind == 0) {
            y = -x;
        } else if (kind == 1) {
            y = TornadoMath.abs(x);
        } else if (kind == 2) {
            y = x > 0f ? 1f : x < 0f ? -1f : x;
        } else if (kind == 3) {
            y = x * x;
        } else if (kind == 4) {
            y = TornadoMath.exp(x);
        } else if (kind == 5) {
            y = DeviceMath.expm1(x);
        } else if (kind == 6) {
            y = TornadoMath.log(x);
        } else if (kind == 7) {
            y = DeviceMath.log1p(x);
        } else if (kind == 8) {
            y = TornadoMath.sqrt(x);
        } else if (kind == 9) {
            y = 1f / TornadoMath.sqrt(x);
        } else if (kind == 10) {
            y = 1f / x;
        } else if (kind == 13) {
            y = TornadoMath.tanh(x);
        } else if (kind == 15) {
            y = x > 0f ? x : x != x ? x : 0f;
        } else if (kind == 21) {
            y = TornadoMath.floor(x);
        } else if (kind == 22) {
            y = TornadoMath.ceil(x);
        } else if (kind == 23) {
            y = DeviceMath.rint(x);
        }
        return y;
    }

    /** The longer ones: sigmoid, the activations from 16 to 18, softplus and the error function. */
    static float curve(int kind, float x) {
        float y = 0f;
        if (kind == 14) {
            y = DeviceMath.sigmoid(x);
        } else if (kind <= 18) {
            y = DeviceMath.activation(kind, x);
        } else if (kind == 19) {
            y = (x > 0f ? x : 0f) + DeviceMath.log1p(TornadoMath.exp(-TornadoMath.abs(x)));
            y = x != x ? x : y;
        } else {
            y = DeviceMath.erf(x);
        }
        return y;
    }

    /** Whether a float is NaN (kind 25) or finite. */
    static int test(int kind, float x) {
        int holds = 0;
        if (kind == 25) {
            holds = x != x ? 1 : 0;
        } else {
            holds = x - x == 0f ? 1 : 0;
        }
        return holds;
    }

    /** Ops with a smooth function of a kind: f(x), gate f(x) y, gradient x f'(y). */
    static float smooth(int group, int kind, float x, float y) {
        float made = x;
        if (group == Params.GRADIENT) {
            made = x * DeviceMath.slope(kind, y);
        } else if (group == Params.GATE) {
            made = DeviceMath.activation(kind, x) * y;
        } else {
            made = curve(kind, x);
        }
        return made;
    }

    /** {@link dev.ricci.tensor.op.BinaryKind}. */
    static float binary(int kind, float a, float b) {
        float y = a + b;
        // What two branches have in common is computed before both: the quotient has a branch of its own.
        int divides = (kind == 3 ? 1 : 0) + (kind == 7 ? 1 : 0);
        if (divides == 1) {
            float quotient = a / b;
            y = quotient;
            if (kind == 7) {
                y = DeviceMath.mod(a, b, quotient);
            }
        } else if (kind == 1) {
            y = a - b;
        } else if (kind == 2) {
            y = a * b;
        } else if (kind == 4) {
            y = TornadoMath.pow(a, b);
        } else if (kind == 5) {
            y = DeviceMath.max(a, b);
        } else if (kind == 6) {
            y = DeviceMath.min(a, b);
        }
        return y;
    }

    /** {@link dev.ricci.tensor.op.CompareKind}. TornadoVM takes a <= b for not a > b, which NaN makes wrong. */
    static int compare(int kind, float a, float b) {
        int y = 0;
        if (kind == 0) {
            y = a == b ? 1 : 0;
        } else if (kind == 1) {
            y = a != b ? 1 : 0;
        } else if (kind == 2) {
            y = a < b ? 1 : 0;
        } else if (kind == 3) {
            y = (a < b ? 1 : 0) | (a == b ? 1 : 0);
        } else if (kind == 4) {
            y = a > b ? 1 : 0;
        } else {
            y = (a > b ? 1 : 0) | (a == b ? 1 : 0);
        }
        return y;
    }
}
