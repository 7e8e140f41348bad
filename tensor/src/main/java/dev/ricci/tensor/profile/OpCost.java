package dev.ricci.tensor.profile;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import java.util.List;

/**
 * What one run of an op costs at the least.
 *
 * @param flops floating-point operations; a multiply-add counts two, an element-wise function one an element
 * @param bytes what must cross the memory bus if nothing stays in cache: each input read and each output written once;
 *     views cost nothing
 */
public record OpCost(long flops, long bytes) {
    /** FLOPs per byte: left of the machine's ridge the bandwidth limits, right of it the arithmetic. */
    public double intensity() {
        return bytes == 0 ? 0 : (double) flops / bytes;
    }

    /**
     * The cost of an op from its specs alone.
     *
     * @param op any op
     * @param in specs of its inputs
     * @param out specs of its outputs
     */
    public static OpCost of(Op op, List<TensorSpec> in, List<TensorSpec> out) {
        return new OpCost(flops(op, in, out), op instanceof Movement.View ? 0 : bytes(in) + bytes(out));
    }

    private static long bytes(List<TensorSpec> specs) {
        long sum = 0;
        for (TensorSpec s : specs) {
            sum += (long) s.shape().size() * s.dtype().blockBytes() / s.dtype().blockElements();
        }
        return sum;
    }

    private static long flops(Op op, List<TensorSpec> in, List<TensorSpec> out) {
        return switch (op) {
            case Creation o -> 0;
            case Movement o -> 0;
            case Elementwise o -> switch (o) {
                case Elementwise.Cast c -> 0;
                case Elementwise.Where w -> 0;
                case Elementwise.Unary u -> size(out, 0);
                case Elementwise.UnaryBackward u -> 2 * size(out, 0);
                case Elementwise.Gate g -> 2 * size(out, 0);
                case Elementwise.GateBackward g -> 5 * size(out, 0);
                case Elementwise.Binary b -> size(out, 0);
                case Elementwise.Compare c -> size(out, 0);
            };
            case Reduction o -> o instanceof Reduction.Reduce r && r.kind() == ReduceKind.SUM_SQUARES
                    ? 2 * size(in, 0) : size(in, 0);
            case Indexing o -> switch (o) {
                case Indexing.ScatterAdd s -> size(in, 2);
                case Indexing.IndexAdd s -> size(in, 1);
                case Indexing.Gather g -> 0;
                case Indexing.IndexSelect s -> 0;
                case Indexing.OneHot h -> 0;
                case Indexing.TopK t -> size(in, 0);
                case Indexing.Sort s -> size(in, 0) * log2(in.getFirst().shape().dim(s.axis()));
            };
            case Contraction o -> switch (o) {
                case Contraction.MatMul m -> 2 * size(out, 0) * in.getFirst().shape().dim(-1)
                        + (in.size() == 3 ? size(out, 0) : 0);
                case Contraction.Conv2d c -> convFlops(out.getFirst().shape(), in.get(1).shape());
                case Contraction.Conv2dBackwardInput c -> convFlops(in.getFirst().shape(), in.get(1).shape());
                case Contraction.Conv2dBackwardWeight c -> convFlops(in.getFirst().shape(), c.weight());
                case Contraction.MaxPool2d p -> size(out, 0) * p.kernelH() * p.kernelW();
                case Contraction.AvgPool2d p -> size(out, 0) * p.kernelH() * p.kernelW();
                case Contraction.MaxPool2dBackward p -> size(in, 0);
                case Contraction.AvgPool2dBackward p -> size(in, 0) * p.kernelH() * p.kernelW();
            };
            // Per element: softmax max, subtract, exp, sum, divide; the norms alike, within one or two.
            case Normalization o -> switch (o) {
                case Normalization.Softmax s -> 5 * size(in, 0);
                case Normalization.LogSoftmax s -> 5 * size(in, 0);
                case Normalization.SoftmaxBackward s -> 4 * size(in, 0);
                case Normalization.LogSoftmaxBackward s -> 4 * size(in, 0);
                case Normalization.LayerNorm n -> 7 * size(in, 0);
                case Normalization.RmsNorm n -> 4 * size(in, 0);
                case Normalization.LayerNormBackward n -> 11 * size(in, 0);
                case Normalization.RmsNormBackward n -> 8 * size(in, 0);
            };
            case AttentionOp o -> switch (o) {
                case AttentionOp.Attention a -> attentionFlops(in.get(0).shape(), in.get(1).shape(),
                        in.get(2).shape(), a.causal(), a.window(), 1);
                case AttentionOp.AttentionBackward a -> attentionFlops(in.get(3).shape(), in.get(4).shape(),
                        in.get(5).shape(), a.causal(), a.window(), 2.5);
                case AttentionOp.Rotary r -> 3 * size(in, 0);
            };
            case Loss o -> switch (o) {
                case Loss.CrossEntropy c -> 5 * size(in, 0);
                case Loss.CrossEntropyBackward c -> 5 * size(in, 1);
                case Loss.LinearCrossEntropy c -> size(in, 0) * in.get(1).shape().dim(0) * (c.gradients() ? 6 : 2);
            };
            case Random o -> out.isEmpty() ? 0 : size(out, 0);
            case LinearAlgebra o -> {
                Shape s = in.getFirst().shape();
                long n = Math.max(1, s.dim(-1));
                yield switch (o) {
                    case LinearAlgebra.Cholesky c -> size(in, 0) * n / 3;
                    case LinearAlgebra.TriangularSolve t -> size(out, 0) * n;
                    case LinearAlgebra.SymmetricEigen e -> 9 * size(in, 0) * n;
                    case LinearAlgebra.Svd v -> 9 * size(in, 0) * n;
                };
            }
            case StateUpdate o -> switch (o) {
                case StateUpdate.Assign a -> 0;
                case StateUpdate.WriteSlice w -> 0;
                case StateUpdate.AdamWStep a -> {
                    long flops = 0;
                    for (int i = 0; i < a.parameters(); i++) {
                        flops += 14 * size(in, 3 * i);
                    }
                    yield flops;
                }
            };
            case CustomOp o -> 0; // its forward runs ops that are counted themselves
        };
    }

    private static long size(List<TensorSpec> specs, int i) {
        return specs.get(i).shape().size();
    }

    private static long log2(int n) {
        return 32 - Integer.numberOfLeadingZeros(Math.max(1, n));
    }

    private static long convFlops(Shape result, Shape weight) {
        return 2L * result.size() * weight.dim(1) * weight.dim(2) * weight.dim(3);
    }

    /** Two products forward, five backward; only the pairs that a causal mask or a window leaves are counted. */
    private static long attentionFlops(Shape q, Shape k, Shape v, boolean causal, int window, double products) {
        long t = q.dim(2);
        long s = k.dim(2);
        long pairs = 0;
        for (long i = 0; i < t; i++) {
            long own = i + s - t;
            long last = Math.min(s - 1, causal ? own : window > 0 ? own + window - 1 : s - 1);
            long first = window > 0 ? Math.max(0, own - window + 1) : 0;
            pairs += Math.max(0, last - first + 1);
        }
        return (long) (products * 2 * q.dim(0) * q.dim(1) * pairs * (q.dim(3) + v.dim(3)));
    }
}
