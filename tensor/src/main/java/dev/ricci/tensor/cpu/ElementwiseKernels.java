package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.Operand;

/** Element-wise ops on F32, and casts. */
final class ElementwiseKernels {
    /** Elements of the operands of a gate that stay in the first cache. */
    private static final int GATE_BLOCK = 1024;

    private final Rows rows;

    ElementwiseKernels(Rows rows) {
        this.rows = rows;
    }

    void run(Elementwise op, Operand[] in, Operand[] out) {
        switch (op) {
            case Elementwise.Unary o when in[0].dtype() == DType.F32 -> unary(o.kind(), in[0], out[0]);
            case Elementwise.UnaryBackward o when in[0].dtype() == DType.F32 ->
                    unaryBackward(o.kind(), in[0], in[1], out[0]);
            case Elementwise.Gate o when in[0].dtype() == DType.F32 -> gate(o.kind(), in, out[0]);
            case Elementwise.GateBackward o when in[0].dtype() == DType.F32 -> gateBackward(o.kind(), in, out);
            case Elementwise.Binary o when in[0].dtype() == DType.F32 -> binary(o.kind(), in[0], in[1], out[0]);
            case Elementwise.Compare o when in[0].dtype() == DType.F32 -> compare(o.kind(), in[0], in[1], out[0]);
            case Elementwise.Where o when in[1].dtype() == DType.F32 -> where(in[0], in[1], in[2], out[0]);
            case Elementwise.Cast o when CastKernels.supports(in[0].dtype(), o.to()) ->
                    CastKernels.run(in[0], out[0]);
            case Elementwise.Unary o -> CpuBackend.reference(o, in, out);
            case Elementwise.UnaryBackward o -> CpuBackend.reference(o, in, out);
            case Elementwise.Gate o -> CpuBackend.reference(o, in, out);
            case Elementwise.GateBackward o -> CpuBackend.reference(o, in, out);
            case Elementwise.Binary o -> CpuBackend.reference(o, in, out);
            case Elementwise.Compare o -> CpuBackend.reference(o, in, out);
            case Elementwise.Where o -> CpuBackend.reference(o, in, out);
            case Elementwise.Cast o -> CpuBackend.reference(o, in, out);
        }
    }

    private void unary(UnaryKind kind, Operand x, Operand out) {
        if (kind == UnaryKind.IS_NAN || kind == UnaryKind.IS_FINITE) {
            test(kind, x, out);
            return;
        }
        Elements e = Elements.of(x);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        Elements.ranges(e.size(), work(kind), (from, end) -> {
            Elements.Floats a = e.floats(0);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                a.load(i, n);
                rows.unary(kind, a.data, a.at, to, oo + i, n);
            }
        });
    }

    /** What an element costs, see {@link Elements#ranges}. */
    private static int work(UnaryKind kind) {
        return switch (kind) {
            case NEG, ABS, SIGN, SQUARE, SQRT, RSQRT, RECIPROCAL, RELU, FLOOR, CEIL, ROUND, LOGICAL_NOT, IS_NAN,
                    IS_FINITE -> 1;
            case EXP, EXPM1, LOG, LOG1P, SIN, COS, TANH, SIGMOID, GELU, GELU_TANH, SILU, SOFTPLUS, ERF -> 4;
        };
    }

    private static void test(UnaryKind kind, Operand x, Operand out) {
        Elements e = Elements.of(x);
        byte[] to = out.heap().bytes();
        int oo = out.layout().offset();
        boolean nan = kind == UnaryKind.IS_NAN;
        Elements.ranges(e.size(), 1, (from, end) -> {
            Elements.Floats a = e.floats(0);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                a.load(i, n);
                for (int j = 0; j < n; j++) {
                    float v = a.data[a.at + j];
                    to[oo + i + j] = (byte) (nan ? v != v ? 1 : 0 : Math.abs(v) <= Float.MAX_VALUE ? 1 : 0);
                }
            }
        });
    }

    private void unaryBackward(UnaryKind kind, Operand grad, Operand x, Operand out) {
        Elements e = Elements.of(grad, x);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        Elements.ranges(e.size(), 4, (from, end) -> {
            Elements.Floats g = e.floats(0);
            Elements.Floats a = e.floats(1);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                g.load(i, n);
                a.load(i, n);
                rows.unaryBackward(kind, g.data, g.at, a.data, a.at, to, oo + i, n);
            }
        });
    }

    /** Row kernel after row kernel over a stretch that stays in the first cache: the same bits as op after op. */
    private void gate(UnaryKind kind, Operand[] in, Operand out) {
        Elements e = Elements.of(in[0], in[1]);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        Elements.ranges(e.size(), 5, (from, end) -> {
            Elements.Floats gate = e.floats(0);
            Elements.Floats up = e.floats(1);
            for (int i = from, n; i < end; i += n) {
                n = Math.min(GATE_BLOCK, e.block(i, end));
                gate.load(i, n);
                up.load(i, n);
                rows.unary(kind, gate.data, gate.at, to, oo + i, n);
                rows.binary(BinaryKind.MUL, to, oo + i, up.data, up.at, to, oo + i, n);
            }
        });
    }

    private void gateBackward(UnaryKind kind, Operand[] in, Operand[] out) {
        Elements e = Elements.of(in[0], in[1], in[2]);
        float[] dGate = out[0].heap().floats();
        float[] dUp = out[1].heap().floats();
        int go = out[0].layout().offset();
        int uo = out[1].layout().offset();
        Elements.ranges(e.size(), 10, (from, end) -> {
            Elements.Floats grad = e.floats(0);
            Elements.Floats gate = e.floats(1);
            Elements.Floats up = e.floats(2);
            for (int i = from, n; i < end; i += n) {
                n = Math.min(GATE_BLOCK, e.block(i, end));
                grad.load(i, n);
                gate.load(i, n);
                up.load(i, n);
                rows.unary(kind, gate.data, gate.at, dUp, uo + i, n);
                rows.binary(BinaryKind.MUL, grad.data, grad.at, dUp, uo + i, dUp, uo + i, n);
                rows.binary(BinaryKind.MUL, grad.data, grad.at, up.data, up.at, dGate, go + i, n);
                rows.unaryBackward(kind, dGate, go + i, gate.data, gate.at, dGate, go + i, n);
            }
        });
    }

    private void binary(BinaryKind kind, Operand x, Operand y, Operand out) {
        Elements e = Elements.of(x, y);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        int work = kind == BinaryKind.POW || kind == BinaryKind.MOD ? 64 : 1;
        Elements.ranges(e.size(), work, (from, end) -> {
            Elements.Floats a = e.floats(0);
            Elements.Floats b = e.floats(1);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                a.load(i, n);
                b.load(i, n);
                rows.binary(kind, a.data, a.at, b.data, b.at, to, oo + i, n);
            }
        });
    }

    private static void compare(CompareKind kind, Operand x, Operand y, Operand out) {
        Elements e = Elements.of(x, y);
        byte[] to = out.heap().bytes();
        int oo = out.layout().offset();
        Elements.ranges(e.size(), 1, (from, end) -> {
            Elements.Floats a = e.floats(0);
            Elements.Floats b = e.floats(1);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                a.load(i, n);
                b.load(i, n);
                Arithmetic.compare(kind, a.data, a.at, b.data, b.at, to, oo + i, n);
            }
        });
    }

    private static void where(Operand condition, Operand x, Operand y, Operand out) {
        Elements e = Elements.of(condition, x, y);
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        Elements.ranges(e.size(), 1, (from, end) -> {
            Elements.Bytes c = e.bytes(0);
            Elements.Floats a = e.floats(1);
            Elements.Floats b = e.floats(2);
            for (int i = from, n; i < end; i += n) {
                n = e.block(i, end);
                c.load(i, n);
                a.load(i, n);
                b.load(i, n);
                Arithmetic.where(c.data, c.at, a.data, a.at, b.data, b.at, to, oo + i, n);
            }
        });
    }
}
