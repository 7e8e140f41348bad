package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Scaled-dot-product attention and rotary position embedding. */
public sealed interface AttentionOp extends Op {
    /**
     * Inputs q [B, H, T, D], k [B, G, S, D], v [B, G, S, E], optional mask [B or 1, H or 1, T, S] (BOOL: true is seen;
     * F32 or F64: added to the scores), outputs (out [B, H, T, E], lse [B, H, T], the log-sum-exp of the scores).
     * out = softmax(scale q k^T + mask) v (Vaswani et al. 2017, eq. 1). H is a multiple of G; query head h reads
     * key-value head h / (H / G) (Ainslie et al. 2023). The T x S scores of a head are never held in memory at once
     * (Rabe and Staats 2021). A query that sees no key gives 0 and lse -infinity.
     *
     * @param scale of the scores, usually 1 / sqrt(D)
     * @param causal query i sees keys up to i + S - T: the last query sees the last key
     * @param window 0 for none; else query i sees only keys j with |i + S - T - j| &lt; window
     */
    record Attention(double scale, boolean causal, int window) implements AttentionOp {
        /** Checks scale and window. */
        public Attention {
            checkAttributes(scale, window);
        }

        @Override
        public String name() {
            return "attention";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 3, 4);
            return checkAttention(this, in.get(0), in.get(1), in.get(2), in.size() == 4 ? in.get(3) : null);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return true;
        }
    }

    /**
     * Inputs (grad of out, out, lse, q, k, v[, mask]), outputs (dq, dk, dv): the gradient of {@link Attention}
     * (Dao et al. 2022, algorithm 4).
     *
     * @param scale as in the forward op
     * @param causal as in the forward op
     * @param window as in the forward op
     */
    record AttentionBackward(double scale, boolean causal, int window) implements AttentionOp {
        /** Checks scale and window. */
        public AttentionBackward {
            checkAttributes(scale, window);
        }

        @Override
        public String name() {
            return "attention_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 6, 7);
            List<TensorSpec> out = checkAttention(this, in.get(3), in.get(4), in.get(5),
                    in.size() == 7 ? in.get(6) : null);
            Check.same(this, in.get(0), out.get(0));
            Check.same(this, in.get(1), out.get(0));
            Check.same(this, in.get(2), out.get(1));
            return List.of(in.get(3), in.get(4), in.get(5));
        }
    }

    /**
     * Inputs (x [..., T, D], positions [T] or [B, T] as I32 or I64, cos [P, R / 2], sin [P, R / 2]): the first R
     * components of each vector are rotated in pairs by the angle whose cosine and sine stand at its position
     * (Su et al. 2021, eq. 34). Positions [B, T] go with x [B, ..., T, D].
     *
     * @param interleaved pairs are (2i, 2i + 1), else (i, i + R / 2)
     * @param inverse rotates back: the gradient of the rotation
     */
    record Rotary(boolean interleaved, boolean inverse) implements AttentionOp {
        @Override
        public String name() {
            return "rotary";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 4, 4);
            TensorSpec x = in.get(0);
            Check.computable(this, x);
            Check.minRank(this, x, 2, "x [..., T, D]");
            Shape p = in.get(1).shape();
            Check.ids(this, in.get(1), "positions");
            int t = x.shape().dim(-2);
            boolean fits = p.rank() == 1 && p.dim(0) == t
                    || p.rank() == 2 && x.shape().rank() > 2 && p.dim(0) == x.shape().dim(0) && p.dim(1) == t;
            if (!fits) {
                throw new ShapeException("rotary: positions must have shape [" + t + "]"
                        + (x.shape().rank() > 2 ? " or [" + x.shape().dim(0) + ", " + t + "]" : "") + " for x "
                        + x.shape() + ", got " + p);
            }
            Check.sameDType(this, x, in.get(2));
            Check.rank(this, in.get(2), 2, "cos [P, R / 2]");
            Check.same(this, in.get(2), in.get(3));
            if (2 * in.get(2).shape().dim(1) > x.shape().dim(-1)) {
                throw new ShapeException("rotary: cos " + in.get(2).shape() + " rotates "
                        + 2 * in.get(2).shape().dim(1) + " components, but x has shape " + x.shape());
            }
            return List.of(x);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i > 0;
        }
    }

    private static void checkAttributes(double scale, int window) {
        if (!Double.isFinite(scale)) {
            throw new TensorException("attention: scale must be finite, got " + scale);
        }
        Check.notNegative("attention", "window", window);
    }

    private static List<TensorSpec> checkAttention(Op op, TensorSpec q, TensorSpec k, TensorSpec v, TensorSpec mask) {
        Check.computable(op, q);
        Check.sameDType(op, q, k);
        Check.sameDType(op, q, v);
        Check.rank(op, q, 4, "q [B, H, T, D]");
        Check.rank(op, k, 4, "k [B, G, S, D]");
        Check.rank(op, v, 4, "v [B, G, S, E]");
        Shape qs = q.shape();
        Shape ks = k.shape();
        if (qs.dim(0) != ks.dim(0) || qs.dim(3) != ks.dim(3) || !ks.sub(0, 3).equals(v.shape().sub(0, 3))
                || ks.dim(1) == 0 || qs.dim(1) % ks.dim(1) != 0) {
            throw new ShapeException(op.name() + ": q " + qs + ", k " + ks + ", v " + v.shape() + " do not fit; they"
                    + " must be [B, H, T, D], [B, G, S, D], [B, G, S, E] with H a multiple of G");
        }
        if (mask != null) {
            if (mask.dtype() != DType.BOOL && mask.dtype() != q.dtype()) {
                throw new DTypeException(op.name() + ": the mask must be BOOL or " + q.dtype() + ", got " + mask);
            }
            Shape full = Shape.of(qs.dim(0), qs.dim(1), qs.dim(2), ks.dim(2));
            Check.shape(op, mask, full, "the mask (expanded)");
        }
        return List.of(q.with(qs.with(3, v.shape().dim(3))), q.with(qs.remove(3)));
    }
}
