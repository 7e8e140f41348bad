package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Elementwise.Binary;
import dev.ricci.tensor.op.Elementwise.Cast;
import dev.ricci.tensor.op.Elementwise.Compare;
import dev.ricci.tensor.op.Elementwise.Gate;
import dev.ricci.tensor.op.Elementwise.GateBackward;
import dev.ricci.tensor.op.Elementwise.Unary;
import dev.ricci.tensor.op.Elementwise.UnaryBackward;
import dev.ricci.tensor.op.Elementwise.Where;
import dev.ricci.tensor.op.UnaryKind;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Rows of the element-wise ops. */
final class ElementwiseRows {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double[] SPECIAL = {NAN, INF, -INF, -0.0, 0, 1e30, -1e30, 1e-30, -1e-30, 1, -1,
        Float.MIN_NORMAL, Float.MAX_VALUE};
    /** Beside them denormal arguments, and arguments whose exponentials are denormal, overflow or vanish. */
    private static final double[] EXTREME = DoubleStream.concat(DoubleStream.of(SPECIAL), DoubleStream.of(
            Float.MIN_VALUE, 1e-40, -1e-40, 88.5, 89, 100, 150, -88, -95, -105, -150, 1e-8, -1e-8)).toArray();
    /** Large angles, which need more than floats to reduce. */
    private static final double[] ANGLES = {NAN, INF, -INF, -0.0, 0, 60_000, -65_537, 70_001, 1e6, -3e7, 1e30, 1e-8};
    private static final DType[] INTEGERS = {DType.I32, DType.I64};

    private ElementwiseRows() {
    }

    static List<OpRow> rows() {
        List<OpRow> rows = new ArrayList<>(unary());
        rows.addAll(binary());
        for (CompareKind kind : CompareKind.values()) {
            rows.add(OpRow.of(Compare.class, kind, g -> compare(g, kind)).exact());
        }
        rows.add(OpRow.of(Where.class, ElementwiseRows::where).exact().differentiable(1, 2));
        rows.add(OpRow.of(Cast.class, ElementwiseRows::cast).exact().differentiable(0));
        return rows;
    }

    private static List<OpRow> unary() {
        return List.of(
                integral(UnaryKind.NEG, Values.between(-3, 3), Values.between(-3, 3)).exact().differentiable(0),
                integral(UnaryKind.ABS, Values.whole(-3, 3), Values.awayFromZero(0.1, 3)).exact().differentiable(0),
                integral(UnaryKind.SIGN, Values.whole(-2, 2), Values.awayFromZero(0.1, 3)).exact().differentiable(0),
                integral(UnaryKind.SQUARE, Values.between(-3, 3), Values.between(-3, 3)).differentiable(0),
                smooth(UnaryKind.EXP, -20, 20, EXTREME).within(1e-6, 0x1p-149).differentiable(0)
                        .gradientWithin(1e-5, 1e-5),
                smooth(UnaryKind.EXPM1, -4, 4, EXTREME).within(1e-6, 1e-30),
                smooth(UnaryKind.LOG, 0.0625, 20, EXTREME).within(1e-6, 1e-7),
                smooth(UnaryKind.LOG1P, -0.875, 20, EXTREME).within(1e-6, 1e-30),
                smooth(UnaryKind.SQRT, 0.0625, 20, EXTREME).within(1e-6, 0),
                smooth(UnaryKind.RSQRT, 0.0625, 20, EXTREME).within(1e-6, 0),
                unary(UnaryKind.RECIPROCAL, Values.awayFromZero(0.125, 4), Values.awayFromZero(0.25, 4), SPECIAL)
                        .within(1e-6, 0x1p-149),
                smooth(UnaryKind.SIN, -40, 40, ANGLES).within(2e-6, 1e-6),
                smooth(UnaryKind.COS, -40, 40, ANGLES).within(2e-6, 1e-6),
                smooth(UnaryKind.TANH, -6, 6, EXTREME).within(2e-6, 1e-30),
                smooth(UnaryKind.SIGMOID, -20, 20, EXTREME).within(2e-6, 1e-30),
                unary(UnaryKind.RELU, Values.whole(-2, 2), Values.awayFromZero(0.1, 3), SPECIAL).exact(),
                smooth(UnaryKind.GELU, -6, 6, EXTREME).within(1e-5, 1e-6),
                smooth(UnaryKind.GELU_TANH, -6, 6, EXTREME).within(1e-5, 1e-6),
                smooth(UnaryKind.SILU, -20, 20, EXTREME).within(2e-6, 1e-7),
                smooth(UnaryKind.SOFTPLUS, -20, 20, EXTREME).within(2e-6, 1e-7),
                smooth(UnaryKind.ERF, -4, 4, EXTREME).within(2e-6, 1e-30),
                unary(UnaryKind.FLOOR, halves(), Values.awayFromWhole(-4, 4), SPECIAL).exact(),
                unary(UnaryKind.CEIL, halves(), Values.awayFromWhole(-4, 4), SPECIAL).exact(),
                unary(UnaryKind.ROUND, halves(), Values.awayFromHalves(-4, 4), SPECIAL).exact(),
                OpRow.of(Unary.class, UnaryKind.LOGICAL_NOT, g -> OpCase.of(new Unary(UnaryKind.LOGICAL_NOT),
                        g.booleans(g.shape(0, 4)))).exact(),
                unary(UnaryKind.IS_NAN, Values.whole(-2, 2), Values.whole(-2, 2), SPECIAL).exact().differentiable(),
                unary(UnaryKind.IS_FINITE, Values.whole(-2, 2), Values.whole(-2, 2), SPECIAL).exact()
                        .differentiable(),
                backward(UnaryKind.GELU), backward(UnaryKind.GELU_TANH), backward(UnaryKind.SILU),
                gate(UnaryKind.GELU), gate(UnaryKind.GELU_TANH), gate(UnaryKind.SILU),
                gateBackward(UnaryKind.GELU), gateBackward(UnaryKind.GELU_TANH), gateBackward(UnaryKind.SILU));
    }

    private static Values halves() {
        Values whole = Values.whole(-6, 6);
        Values between = Values.between(-4, 4);
        // Beyond 2^23 every float is whole.
        Values huge = Values.whole((1 << 23) - 3, (1 << 24) - 1);
        return d -> switch (d.below(8)) {
            case 0, 1, 2, 3 -> whole.draw(d) * 0.5;
            case 7 -> d.flag() ? -huge.draw(d) : huge.draw(d);
            default -> between.draw(d);
        };
    }

    private static OpRow smooth(UnaryKind kind, double low, double high, double[] special) {
        double from = Math.max(low, -4);
        return unary(kind, Values.between(low, high), Values.between(from, Math.min(high, 4)), special);
    }

    private static OpRow unary(UnaryKind kind, Values any, Values smooth, double[] special) {
        Values wild = Values.sometimes(any, special);
        return OpRow.of(Unary.class, kind, g -> OpCase.of(new Unary(kind), g.floats(g.shape(0, 4),
                !g.smooth() && g.draw().oneIn(4) ? wild : any, smooth))).differentiable(0);
    }

    private static OpRow integral(UnaryKind kind, Values any, Values smooth) {
        Values wild = Values.sometimes(any, SPECIAL);
        return OpRow.of(Unary.class, kind, g -> {
            DType dtype = g.dtype(INTEGERS);
            Shape shape = g.shape(0, 4);
            return OpCase.of(new Unary(kind), dtype.isInteger() ? g.integers(dtype, shape, -9, 9)
                    : g.floats(shape, !g.smooth() && g.draw().oneIn(4) ? wild : any, smooth));
        });
    }

    private static OpRow backward(UnaryKind kind) {
        Values usual = Values.between(-6, 6);
        Values wild = Values.sometimes(usual, EXTREME);
        return OpRow.of(UnaryBackward.class, kind, g -> {
            Shape shape = g.shape(0, 4);
            return OpCase.of(new UnaryBackward(kind), g.floats(shape),
                    g.floats(shape, !g.smooth() && g.draw().oneIn(4) ? wild : usual, Values.between(-3, 3)));
        }).differentiable(0, 1);
    }

    private static OpRow gate(UnaryKind kind) {
        return OpRow.of(Gate.class, kind, g -> {
            Shape shape = g.shape(0, 4);
            return OpCase.of(new Gate(kind), g.floats(shape, Values.between(-6, 6), Values.between(-3, 3)),
                    g.floats(shape));
        }).differentiable(0, 1);
    }

    private static OpRow gateBackward(UnaryKind kind) {
        return OpRow.of(GateBackward.class, kind, g -> {
            Shape shape = g.shape(0, 4);
            return OpCase.of(new GateBackward(kind), g.floats(shape),
                    g.floats(shape, Values.between(-6, 6), Values.between(-3, 3)), g.floats(shape));
        }).differentiable(0, 1, 2).through(0, 1);
    }

    private static List<OpRow> binary() {
        Values any = Values.between(-3, 3);
        Values away = Values.awayFromZero(0.25, 3);
        return Stream.of(
                binary(BinaryKind.ADD, any, any).differentiable(0, 1),
                binary(BinaryKind.SUB, any, any).differentiable(0, 1),
                binary(BinaryKind.MUL, any, any).differentiable(0, 1),
                binary(BinaryKind.DIV, any, away).differentiable(0, 1),
                OpRow.of(Binary.class, BinaryKind.POW, ElementwiseRows::pow).within(1e-5, 1e-6).differentiable(0, 1),
                extreme(BinaryKind.MAX),
                extreme(BinaryKind.MIN),
                OpRow.of(Binary.class, BinaryKind.MOD, ElementwiseRows::mod).within(1e-5, 1e-5).differentiable(0, 1),
                logical(BinaryKind.LOGICAL_AND),
                logical(BinaryKind.LOGICAL_OR),
                logical(BinaryKind.LOGICAL_XOR)).toList();
    }

    private static OpRow binary(BinaryKind kind, Values left, Values right) {
        return OpRow.of(Binary.class, kind, g -> {
            Shape shape = g.shape(0, 4);
            DType dtype = g.dtype(INTEGERS);
            if (dtype.isInteger()) {
                return OpCase.of(new Binary(kind), g.integers(dtype, shape, -9, 9),
                        g.integers(dtype, shape, kind == BinaryKind.DIV ? 1 : -9, 9));
            }
            boolean wild = !g.smooth() && g.draw().oneIn(4);
            return OpCase.of(new Binary(kind), g.floats(shape, wild ? Values.sometimes(left, SPECIAL) : left),
                    g.floats(shape, wild ? Values.sometimes(right, SPECIAL) : right));
        }).within(1e-6, 1e-30);
    }

    private static OpRow extreme(BinaryKind kind) {
        return OpRow.of(Binary.class, kind, g -> {
            Shape shape = g.nonEmpty(0, 4);
            if (g.smooth()) {
                Tensor a = g.separated(shape);
                // Half a step away from anything in a.
                Tensor b = g.layout(Tensor.of(shift(g.separated(shape).toFloatArray()), shape));
                return OpCase.of(new Binary(kind), a, b);
            }
            DType dtype = g.dtype(INTEGERS);
            Values ties = Values.sometimes(Values.whole(-2, 2), SPECIAL);
            return dtype.isInteger()
                    ? OpCase.of(new Binary(kind), g.integers(dtype, shape, -9, 9), g.integers(dtype, shape, -9, 9))
                    : OpCase.of(new Binary(kind), g.floats(shape, ties), g.floats(shape, ties));
        }).exact().differentiable(0, 1);
    }

    private static float[] shift(float[] v) {
        for (int i = 0; i < v.length; i++) {
            v[i] += 0.125f;
        }
        return v;
    }

    private static OpCase pow(CaseDraw g) {
        Shape shape = g.shape(0, 4);
        if (!g.smooth() && g.draw().oneIn(4)) {
            // Negative bases need whole exponents.
            return OpCase.of(new Binary(BinaryKind.POW), g.floats(shape, Values.whole(-3, 3)),
                    g.floats(shape, Values.whole(-3, 4)));
        }
        // Some exponents have ways of their own.
        Values usual = Values.between(-3, 3);
        boolean known = !g.smooth() && g.draw().oneIn(4);
        return OpCase.of(new Binary(BinaryKind.POW), g.floats(shape, Values.between(0.25, 3)),
                g.floats(shape, known ? Values.sometimes(usual, -1, -0.5, 0, 0.5, 1, 2, 3) : usual));
    }

    /** Quotients away from whole numbers, where the remainder jumps; or whole numbers, where division is exact. */
    private static OpCase mod(CaseDraw g) {
        Shape shape = g.shape(0, 4);
        DType dtype = g.dtype(INTEGERS);
        if (dtype.isInteger()) {
            return OpCase.of(new Binary(BinaryKind.MOD), g.integers(dtype, shape, -9, 9),
                    g.integers(dtype, shape, 1, 4));
        }
        float[] b = Views.dense(g.floats(shape, Values.awayFromZero(0.5, 2))).toFloatArray();
        float[] a = Views.dense(g.floats(shape, Values.awayFromWhole(-4, 4))).toFloatArray();
        for (int i = 0; i < a.length; i++) {
            a[i] *= b[i];
        }
        return OpCase.of(new Binary(BinaryKind.MOD), g.layout(Tensor.of(a, shape)), g.layout(Tensor.of(b, shape)));
    }

    private static OpRow logical(BinaryKind kind) {
        return OpRow.of(Binary.class, kind, g -> {
            Shape shape = g.shape(0, 4);
            return OpCase.of(new Binary(kind), g.booleans(shape), g.booleans(shape));
        }).exact();
    }

    private static OpCase compare(CaseDraw g, CompareKind kind) {
        Shape shape = g.shape(0, 4);
        DType dtype = g.dtype(DType.I32, DType.I64, DType.BOOL, DType.U8);
        Values ties = Values.sometimes(Values.whole(-2, 2), SPECIAL);
        return switch (dtype) {
            case BOOL -> OpCase.of(new Compare(kind), g.booleans(shape), g.booleans(shape));
            case U8 -> OpCase.of(new Compare(kind), g.integers(dtype, shape, 126, 130),
                    g.integers(dtype, shape, 126, 130));
            case I32, I64 -> OpCase.of(new Compare(kind), g.integers(dtype, shape, -2, 2),
                    g.integers(dtype, shape, -2, 2));
            default -> OpCase.of(new Compare(kind), g.floats(shape, ties), g.floats(shape, ties));
        };
    }

    private static OpCase where(CaseDraw g) {
        Shape shape = g.shape(0, 4);
        DType dtype = g.dtype(DType.I32, DType.I64, DType.BOOL);
        Values any = g.smooth() ? Values.between(-3, 3) : Values.sometimes(Values.between(-3, 3), SPECIAL);
        Tensor condition = g.booleans(shape);
        return switch (dtype) {
            case BOOL -> OpCase.of(new Where(), condition, g.booleans(shape), g.booleans(shape));
            case I32, I64 -> OpCase.of(new Where(), condition, g.integers(dtype, shape, -9, 9),
                    g.integers(dtype, shape, -9, 9));
            default -> OpCase.of(new Where(), condition, g.floats(shape, any), g.floats(shape, any));
        };
    }

    private static OpCase cast(CaseDraw g) {
        Shape shape = g.shape(0, 4);
        if (g.profile() == Profile.FINITE_DIFFERENCES) {
            // From F64, the only type to which rounding is no step function. The gradient passes through all alike.
            return OpCase.of(new Cast(DType.F64), g.floats(shape));
        }
        if (g.smooth()) {
            return OpCase.of(new Cast(g.draw().pick(DType.F32, DType.F64, DType.BF16, DType.F16)), g.floats(shape));
        }
        DType to = g.draw().flag() ? g.draw().pick(DType.values()) : DType.F32;
        DType from = g.draw().flag() ? g.draw().pick(DType.values()) : DType.F32;
        Values floats = Values.sometimes(Values.between(-300, 300), SPECIAL);
        return OpCase.of(new Cast(to), switch (from) {
            case BOOL -> g.booleans(shape);
            case U8 -> g.integers(from, shape, 0, 255);
            case I32, I64 -> g.integers(from, shape, -300, 300);
            case F16, BF16 -> g.layout(g.reference(new Cast(from), Views.dense(g.floats(shape))).getFirst());
            case F64 -> Fill.view(g.draw(), shape, s -> Fill.floats(g.draw(), DType.F64, s, floats));
            case F32 -> g.floats(shape, floats);
        });
    }
}
