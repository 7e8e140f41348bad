package dev.ricci.tensor.reference;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

final class ReferenceElementwise {
    private ReferenceElementwise() {
    }

    static void run(Elementwise op, Operand[] in, Operand[] out) {
        switch (op) {
            case Elementwise.Unary o -> unary(o.kind(), in[0], out[0]);
            case Elementwise.UnaryBackward o -> unaryBackward(o.kind(), in, out[0]);
            case Elementwise.Gate o -> gate(o.kind(), in, out[0]);
            case Elementwise.GateBackward o -> gateBackward(o.kind(), in, out);
            case Elementwise.Binary o -> binary(o, in, out[0]);
            case Elementwise.Compare o -> compare(o.kind(), in, out[0]);
            case Elementwise.Where o -> where(in, out[0]);
            case Elementwise.Cast o -> cast(in[0], out[0]);
        }
    }

    private static void unary(UnaryKind kind, Operand x, Operand out) {
        if (Dense.isFloating(x)) {
            double[] v = Dense.doubles(x);
            for (int n = 0; n < v.length; n++) {
                v[n] = unary(kind, v[n]);
            }
            Dense.write(out, v);
        } else {
            long[] v = Dense.longs(x);
            for (int n = 0; n < v.length; n++) {
                v[n] = wholeUnary(kind, v[n]);
            }
            Dense.write(out, v);
        }
    }

    private static double unary(UnaryKind kind, double x) {
        return switch (kind) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Math.signum(x);
            case SQUARE -> x * x;
            case EXP -> StrictMath.exp(x);
            case EXPM1 -> StrictMath.expm1(x);
            case LOG -> StrictMath.log(x);
            case LOG1P -> StrictMath.log1p(x);
            case SQRT -> StrictMath.sqrt(x);
            case RSQRT -> 1 / StrictMath.sqrt(x);
            case RECIPROCAL -> 1 / x;
            case SIN -> StrictMath.sin(x);
            case COS -> StrictMath.cos(x);
            case TANH -> StrictMath.tanh(x);
            case SIGMOID -> Special.sigmoid(x);
            case RELU -> Math.max(x, 0);
            case GELU -> Special.gelu(x);
            case GELU_TANH -> Special.geluTanh(x);
            case SILU -> Special.silu(x);
            case SOFTPLUS -> Special.softplus(x);
            case ERF -> Special.erf(x);
            case FLOOR -> StrictMath.floor(x);
            case CEIL -> StrictMath.ceil(x);
            case ROUND -> StrictMath.rint(x);
            case IS_NAN -> Double.isNaN(x) ? 1 : 0;
            case IS_FINITE -> Double.isFinite(x) ? 1 : 0;
            case LOGICAL_NOT -> throw new IllegalStateException(kind + " of floats");
        };
    }

    private static long wholeUnary(UnaryKind kind, long x) {
        return switch (kind) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> Long.signum(x);
            case SQUARE -> x * x;
            case LOGICAL_NOT -> x == 0 ? 1 : 0;
            case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, RECIPROCAL, SIN, COS, TANH, SIGMOID, RELU, GELU, GELU_TANH, SILU,
                    SOFTPLUS, ERF, FLOOR, CEIL, ROUND, IS_NAN, IS_FINITE ->
                    throw new IllegalStateException(kind + " of integers");
        };
    }

    private static void unaryBackward(UnaryKind kind, Operand[] in, Operand out) {
        double[] grad = Dense.doubles(in[0]);
        double[] x = Dense.doubles(in[1]);
        for (int n = 0; n < x.length; n++) {
            grad[n] *= slope(kind, x[n]);
        }
        Dense.write(out, grad);
    }

    private static double slope(UnaryKind kind, double x) {
        return switch (kind) {
            case GELU -> Special.geluSlope(x);
            case GELU_TANH -> Special.geluTanhSlope(x);
            case SILU -> Special.siluSlope(x);
            default -> throw new IllegalStateException("no backward of " + kind);
        };
    }

    private static void gate(UnaryKind kind, Operand[] in, Operand out) {
        double[] gate = Dense.doubles(in[0]);
        double[] up = Dense.doubles(in[1]);
        for (int n = 0; n < gate.length; n++) {
            gate[n] = unary(kind, gate[n]) * up[n];
        }
        Dense.write(out, gate);
    }

    private static void gateBackward(UnaryKind kind, Operand[] in, Operand[] out) {
        double[] grad = Dense.doubles(in[0]);
        double[] gate = Dense.doubles(in[1]);
        double[] up = Dense.doubles(in[2]);
        for (int n = 0; n < grad.length; n++) {
            double f = unary(kind, gate[n]);
            gate[n] = grad[n] * up[n] * slope(kind, gate[n]);
            up[n] = grad[n] * f;
        }
        Dense.write(out[0], gate);
        Dense.write(out[1], up);
    }

    private static void binary(Elementwise.Binary op, Operand[] in, Operand out) {
        BinaryKind kind = op.kind();
        if (Dense.isFloating(in[0])) {
            double[] a = Dense.doubles(in[0]);
            double[] b = Dense.doubles(in[1]);
            for (int n = 0; n < a.length; n++) {
                a[n] = binary(kind, a[n], b[n]);
            }
            Dense.write(out, a);
        } else {
            long[] a = Dense.longs(in[0]);
            long[] b = Dense.longs(in[1]);
            if (kind == BinaryKind.DIV || kind == BinaryKind.MOD) {
                IdCheck.divisors(op.name(), b, in[1].shape());
            }
            for (int n = 0; n < a.length; n++) {
                a[n] = wholeBinary(kind, a[n], b[n]);
            }
            Dense.write(out, a);
        }
    }

    private static double binary(BinaryKind kind, double a, double b) {
        return switch (kind) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> StrictMath.pow(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case MOD -> mod(a, b);
            case LOGICAL_AND, LOGICAL_OR, LOGICAL_XOR -> throw new IllegalStateException(kind + " of floats");
        };
    }

    /** By the exact remainder: a - b floor(a / b) itself is off by a whole b where the quotient rounds up. */
    private static double mod(double a, double b) {
        double r = a % b;
        return r == 0 ? Math.copySign(r, b) : r < 0 == b < 0 ? r : r + b;
    }

    private static long wholeBinary(BinaryKind kind, long a, long b) {
        return switch (kind) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case MOD -> Math.floorMod(a, b);
            case LOGICAL_AND -> a & b;
            case LOGICAL_OR -> a | b;
            case LOGICAL_XOR -> a ^ b;
            case POW -> throw new IllegalStateException("pow of integers");
        };
    }

    private static void compare(CompareKind kind, Operand[] in, Operand out) {
        long[] holds = new long[out.size()];
        if (Dense.isFloating(in[0])) {
            double[] a = Dense.doubles(in[0]);
            double[] b = Dense.doubles(in[1]);
            for (int n = 0; n < holds.length; n++) {
                holds[n] = switch (kind) {
                    case EQ -> a[n] == b[n];
                    case NE -> a[n] != b[n];
                    case LT -> a[n] < b[n];
                    case LE -> a[n] <= b[n];
                    case GT -> a[n] > b[n];
                    case GE -> a[n] >= b[n];
                } ? 1 : 0;
            }
        } else {
            long[] a = Dense.longs(in[0]);
            long[] b = Dense.longs(in[1]);
            for (int n = 0; n < holds.length; n++) {
                holds[n] = switch (kind) {
                    case EQ -> a[n] == b[n];
                    case NE -> a[n] != b[n];
                    case LT -> a[n] < b[n];
                    case LE -> a[n] <= b[n];
                    case GT -> a[n] > b[n];
                    case GE -> a[n] >= b[n];
                } ? 1 : 0;
            }
        }
        Dense.write(out, holds);
    }

    private static void where(Operand[] in, Operand out) {
        long[] condition = Dense.longs(in[0]);
        int[] a = Dense.places(in[1].layout());
        int[] b = Dense.places(in[2].layout());
        for (int n = 0; n < condition.length; n++) {
            if (condition[n] != 0) {
                Dense.move(in[1], a[n], out, n);
            } else {
                Dense.move(in[2], b[n], out, n);
            }
        }
    }

    private static void cast(Operand x, Operand out) {
        if (Dense.isFloating(x)) {
            Dense.write(out, Dense.doubles(x));
            return;
        }
        long[] v = Dense.longs(x);
        if (out.dtype() == DType.F32) {
            float[] to = out.heap().floats();
            for (int n = 0; n < v.length; n++) {
                to[out.layout().offset() + n] = v[n];
            }
        } else if (Dense.isFloating(out)) {
            for (int n = 0; n < v.length; n++) {
                Dense.put(out, n, out.dtype() == DType.F64 ? v[n] : Rounding.sticky(v[n]));
            }
        } else {
            for (int n = 0; n < v.length; n++) {
                v[n] = switch (out.dtype()) {
                    case I32 -> Math.clamp(v[n], Integer.MIN_VALUE, Integer.MAX_VALUE);
                    case U8 -> Math.clamp(v[n], 0, 255);
                    case BOOL -> v[n] != 0 ? 1 : 0;
                    case I64, F32, F64, F16, BF16 -> v[n];
                };
            }
            Dense.write(out, v);
        }
    }
}
