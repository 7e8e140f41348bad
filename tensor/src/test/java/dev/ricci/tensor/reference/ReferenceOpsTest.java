package dev.ricci.tensor.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.StateUpdate;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Values worked out by hand, and what happens at the edges. */
class ReferenceOpsTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;

    private static Tensor d(double... v) {
        return Tensor.ofDoubles(v);
    }

    private static Tensor ints(int... v) {
        return Tensor.ofInts(v);
    }

    private static void assertValues(Tensor actual, double... expected) {
        assertArrayEquals(expected, actual.toDoubleArray(), 1e-14, actual.toString());
    }

    private static void assertMessage(Class<? extends TensorException> type, String message, Runnable call) {
        TensorException e = assertThrows(TensorException.class, call::run);
        assertEquals(type, e.getClass());
        assertEquals(message, e.getMessage());
    }

    @Test
    void integersWrapAndDivideTowardsZero() {
        assertArrayEquals(new int[] {Integer.MIN_VALUE}, ints(Integer.MAX_VALUE).add(1).toIntArray());
        assertArrayEquals(new int[] {-3, 3, -3, 3}, ints(-7, 7, 7, -7).div(ints(2, 2, -2, -2)).toIntArray());
        assertArrayEquals(new int[] {1, 1, -1, -1}, ints(-7, 7, 7, -7).mod(ints(2, 2, -2, -2)).toIntArray());
        assertArrayEquals(new long[] {Long.MAX_VALUE, 3},
                Tensor.ofLongs(new long[] {Long.MAX_VALUE - 1, 2}).add(1).toLongArray());
        assertArrayEquals(new long[] {Long.MAX_VALUE},
                Tensor.ofLongs(new long[] {Long.MAX_VALUE - 1, 1}).sum(0).reshape(1).toLongArray());
        assertMessage(TensorException.class, "mod: integer division by zero at [1, 0] of [2, 2]; replace zero divisors"
                + " first or divide as F32", () -> ints(1, 2).mod(Tensor.ofInts(new int[] {1, 2, 0, 4}, 2, 2)));
    }

    @Test
    void floatRemainderHasTheSignOfTheDivisor() {
        assertValues(d(5.5, -5.5, 5.5, -5.5, 6, 1).mod(d(2, 2, -2, -2, 3, 0)), 1.5, 0.5, -0.5, -1.5, 0, NAN);
        // The quotient rounds up to 1e17: by the formula read literally the result would be negative.
        double a = Math.nextDown(1e17 * 3);
        assertTrue(d(a).mod(d(3)).reshape().item() >= 0);
    }

    @Test
    void notANumberInComparisonsAndExtremes() {
        assertValues(d(NAN, 1).maximum(d(2, NAN)), NAN, NAN);
        assertValues(d(1, NAN, 3).max(), NAN);
        assertValues(d(NAN).eq(d(NAN)), 0);
        assertValues(d(NAN).ne(d(NAN)), 1);
        assertValues(d(NAN).relu(), NAN);
        assertValues(d(NAN, 0, -2).sign(), NAN, 0, -1);
        assertValues(d(3, NAN, 5, NAN).argmax(0), 1);
        assertValues(d(3, NAN, 1, NAN).argmin(0), 1);
        assertValues(d(2, 1, 1, 2).argmin(0), 1);
        assertValues(d(2, 1, 1, 2).argmax(0), 0);
    }

    @Test
    void sortIsStableWithNotANumberLargest() {
        Tensor x = d(2, NAN, 1, 2, -0.0, 0, NAN);
        assertArrayEquals(new int[] {4, 5, 2, 0, 3, 1, 6}, x.argsort(0, false).toIntArray());
        assertArrayEquals(new int[] {1, 6, 0, 3, 2, 4, 5}, x.argsort(0, true).toIntArray());
        assertArrayEquals(new int[] {1, 6, 0}, x.topK(3, 0).get(1).toIntArray());
        assertArrayEquals(new int[] {4, 5, 2}, x.topK(3, 0, false).get(1).toIntArray());
        assertValues(Tensor.ofDoubles(new double[] {3, 1, 2, 5, 4, 0}, 2, 3).sort(1, true).getFirst(),
                3, 2, 1, 5, 4, 0);
    }

    @Test
    void reductionsOfNothing() {
        Tensor x = Tensor.full(Shape.of(0, 2), DType.F64, 1);
        assertValues(x.sum(0), 0, 0);
        assertValues(x.prod(0), 1, 1);
        assertValues(x.mean(0), NAN, NAN);
        assertValues(x.logSumExp(0), -INF, -INF);
        assertValues(x.eq(x).any(0), 0, 0);
        assertValues(x.eq(x).all(0), 1, 1);
        assertEquals(Shape.of(0), x.max(1).shape());
        assertThrows(ShapeException.class, () -> x.max(0));
        assertValues(Tensor.full(Shape.of(2, 0), DType.F64, 1).matmul(x), 0, 0, 0, 0);
    }

    @Test
    void reductionsOverAxesThatAreNotNeighbours() {
        Tensor x = Tensor.arange(12, DType.F64, 0, 1).reshape(2, 3, 2);
        assertValues(x.sum(0, 2), 14, 22, 30);
        assertValues(x.max(0, 2), 7, 9, 11);
        assertEquals(Shape.of(1, 3, 1), x.sumKeepDims(0, -1).shape());
        assertValues(x.cumsum(1), 0, 1, 2, 4, 6, 9, 6, 7, 14, 16, 24, 27);
        assertValues(x.variance(1, 1), 4, 4, 4, 4);
    }

    @Test
    void logSumExpNeitherOverflowsNorLosesInfinity() {
        assertValues(d(1000, 1000).logSumExp(), 1000 + Math.log(2));
        assertValues(d(-INF, -INF).logSumExp(), -INF);
        assertValues(d(-INF, INF).logSumExp(), INF);
        assertValues(d(-INF, 0).softmax(0), 0, 1);
        assertValues(d(-INF, -INF).softmax(0), NAN, NAN);
    }

    @Test
    void idsThatRepeatAddUp() {
        assertValues(d(10, 20).scatterAdd(0, ints(1, 1, 0), d(1, 2, 3)), 13, 23);
        Tensor x = Tensor.arange(6, DType.I64, 0, 1).reshape(2, 3);
        assertValues(x.gather(1, Tensor.ofInts(new int[] {2, 2, 0, 1}, 2, 2)), 2, 2, 3, 4);
        assertValues(x.indexSelect(1, Tensor.ofInts(new int[] {2, 0}, 1, 2)), 2, 0, 5, 3);
        assertEquals(Shape.of(2, 1, 2), x.indexSelect(1, Tensor.ofInts(new int[] {2, 0}, 1, 2)).shape());
        assertValues(ints(1, 0).oneHot(3), 0, 1, 0, 1, 0, 0);
    }

    @Test
    void idsOutOfRangeAreNamed() {
        Tensor x = Tensor.zeros(4, 3);
        Tensor ids = Tensor.ofInts(new int[] {0, 1, 4, 2}, 2, 2);
        assertMessage(IndexOutOfRangeException.class, "index_select: ids hold 4 at [1, 0] of I32[2, 2]; each must lie"
                + " in 0 .. 3", () -> x.indexSelect(0, ids));
        assertMessage(IndexOutOfRangeException.class, "gather: ids hold -1 at [0, 0] of I64[1, 1]; each must lie in"
                + " 0 .. 2", () -> x.gather(1, Tensor.ofLongs(new long[] {-1}, 1, 1)));
        assertMessage(IndexOutOfRangeException.class, "one_hot: ids hold 5000000000 at [0] of I64[1]; each must lie in"
                + " 0 .. 9", () -> Tensor.ofLongs(new long[] {5_000_000_000L}).oneHot(10));
        assertMessage(IndexOutOfRangeException.class, "scatter_add: ids hold 9 at [0, 0] of I32[1, 1]; each must lie in"
                + " 0 .. 3", () -> x.scatterAdd(0, Tensor.ofInts(new int[] {9}, 1, 1), Tensor.zeros(1, 1)));
        assertMessage(IndexOutOfRangeException.class, "index_select: ids hold 0 at [0] of I32[1]; there is nothing to"
                + " choose from", () -> Tensor.zeros(0).indexSelect(0, ints(0)));
        assertMessage(IndexOutOfRangeException.class, "cross_entropy: targets hold 3 at [1] of I32[2]; each must lie in"
                + " 0 .. 2 or be -100", () -> Functional.crossEntropy(Tensor.zeros(2, 3), ints(-100, 3)));
        assertMessage(IndexOutOfRangeException.class, "rotary: positions hold 7 at [1] of I32[2]; each must lie in"
                + " 0 .. 4", () -> Functional.rotary(Tensor.zeros(2, 4), ints(0, 7), Tensor.zeros(5, 2),
                Tensor.zeros(5, 2), false));
    }

    @Test
    void crossEntropyByHand() {
        Tensor logits = Tensor.ofDoubles(new double[] {Math.log(1), Math.log(2), Math.log(5), 9, 9, 9}, 2, 3);
        Tensor losses = Functional.tokenCrossEntropy(logits, ints(1, -1), -1, 0);
        assertValues(losses, Math.log(8) - Math.log(2), 0);
        assertValues(Functional.tokenCrossEntropy(logits, ints(1, 0), -1, 0.3),
                Math.log(8) - 0.7 * Math.log(2) - 0.1 * Math.log(10), Math.log(3));
        assertValues(Functional.crossEntropy(logits, ints(-1, -1), null, -1, 0), 0);
        Tensor hard = Tensor.ofDoubles(new double[] {-INF, 0}, 1, 2);
        assertValues(Tensor.apply(new Loss.CrossEntropy(-100, 0), hard, ints(1)), 0);
    }

    @Test
    void attentionEqualsItsFormula() {
        Tensor q = Rng.of(1).normal(DType.F64, Shape.of(2, 4, 3, 5));
        Tensor k = Rng.of(2).normal(DType.F64, Shape.of(2, 2, 4, 5));
        Tensor v = Rng.of(3).normal(DType.F64, Shape.of(2, 2, 4, 6));
        Tensor mask = Rng.of(4).normal(DType.F64, Shape.of(3, 4));
        Tensor i = Tensor.arange(3).reshape(3, 1).add(1); // the last of 3 queries stands at the last of 4 keys
        Tensor j = Tensor.arange(4);
        Tensor seen = j.le(i).logicalAnd(i.sub(j).lt(2));
        Tensor kk = k.unsqueeze(2).expand(2, 2, 2, 4, 5).reshape(2, 4, 4, 5);
        Tensor vv = v.unsqueeze(2).expand(2, 2, 2, 4, 6).reshape(2, 4, 4, 6);
        Tensor scores = q.matmul(kk.transpose(-2, -1)).mul(0.3).add(mask);
        scores = seen.where(scores, Tensor.full(Shape.scalar(), DType.F64, -INF));
        List<Tensor> out = Tensor.applyAll(new AttentionOp.Attention(0.3, true, 2), q, k, v,
                mask.expand(2, 4, 3, 4));
        assertValues(out.get(0), scores.softmax(-1).matmul(vv).toDoubleArray());
        assertValues(out.get(1), scores.logSumExp(-1).toDoubleArray());
    }

    @Test
    void queryThatSeesNothing() {
        Tensor q = Tensor.ones(1, 1, 3, 1);
        Tensor k = Tensor.ones(1, 1, 1, 1);
        Tensor v = Tensor.full(Shape.of(1, 1, 1, 1), DType.F32, 4);
        List<Tensor> out = Tensor.applyAll(new AttentionOp.Attention(1, true, 0), q, k, v);
        assertValues(out.get(0), 0, 0, 4);
        assertValues(out.get(1), -INF, -INF, 1);
        List<Tensor> back = Tensor.applyAll(new AttentionOp.AttentionBackward(1, true, 0), q, out.get(0), out.get(1), q,
                k, v);
        assertValues(back.get(2), 1);
        assertValues(back.get(0), 0, 0, 0);
    }

    @Test
    void rotaryTurnsByTheAngle() {
        double a = Math.PI / 6;
        Tensor cos = Tensor.ofDoubles(new double[] {1, 1, Math.cos(a), 0}, 2, 2);
        Tensor sin = Tensor.ofDoubles(new double[] {0, 0, Math.sin(a), 1}, 2, 2);
        Tensor x = Tensor.ofDoubles(new double[] {1, 2, 3, 4, 5}, 1, 5);
        assertValues(Functional.rotary(x, ints(1), cos, sin, true),
                Math.cos(a) - 2 * Math.sin(a), Math.sin(a) + 2 * Math.cos(a), -4, 3, 5);
        assertValues(Functional.rotary(x, ints(1), cos, sin, false),
                Math.cos(a) - 3 * Math.sin(a), -4, Math.sin(a) + 3 * Math.cos(a), 2, 5);
        assertValues(Functional.rotary(x, ints(0), cos, sin, false), 1, 2, 3, 4, 5);
    }

    @Test
    void convolutionByHand() {
        Tensor x = Tensor.arange(9, DType.F64, 1, 1).reshape(1, 1, 3, 3);
        Tensor w = Tensor.ofDoubles(new double[] {1, 0, 0, -10}, 1, 1, 2, 2);
        assertValues(Functional.conv2d(x, w, null, Window.of(1, 0), 1), -49, -58, -76, -85);
        assertValues(Functional.conv2d(x, w, d(0.5), Window.of(2, 1), 1), -9.5, -29.5, -69.5, -84.5);
        Tensor two = Tensor.cat(1, x, x.mul(2));
        Tensor ww = Tensor.cat(0, w, w);
        assertValues(Functional.conv2d(two, ww, null, new Window(1, 1, 0, 0, 2, 2), 2), -89, -178);
        assertValues(Functional.conv1d(d(1, 2, 3, 4).reshape(1, 1, 4), d(1, 10).reshape(1, 1, 2), null, 2, 1, 1, 1),
                10, 32, 4);
    }

    @Test
    void poolingByHand() {
        Tensor x = Tensor.ofDoubles(new double[] {1, 5, 5, 2, NAN, -3, -1, -2, -4}, 1, 1, 3, 3);
        List<Tensor> out = Tensor.applyAll(new Contraction.MaxPool2d(2, 2, Window.of(1, 0)), x);
        assertValues(out.get(0), NAN, NAN, NAN, NAN);
        assertValues(out.get(1), 4, 4, 4, 4);
        out = Tensor.applyAll(new Contraction.MaxPool2d(2, 2, Window.of(3, 1)), x);
        assertValues(out.get(0), 1, 5, -1, -4);
        assertValues(out.get(1), 0, 2, 6, 8);
        assertValues(Functional.avgPool1d(d(2, 4, 6).reshape(1, 1, 3), 2, 2, 1), 1, 5);
        assertThrows(ShapeException.class, () -> Functional.maxPool2d(Tensor.zeros(1, 1, 2, 2), 2, 2,
                new Window(1, 1, 1, 1, 3, 3)));
        assertThrows(ShapeException.class, () -> Functional.maxPool2d(Tensor.zeros(1, 1, 0, 2), 2, 2,
                Window.of(1, 1)));
    }

    @Test
    void movementsWithoutViews() {
        Tensor x = Tensor.ofLongs(new long[] {Long.MAX_VALUE, 2, 3, Long.MAX_VALUE - 2}, 2, 2);
        assertArrayEquals(new long[] {7, Long.MAX_VALUE, 2, 7, 3, Long.MAX_VALUE - 2}, x.pad(1, 1, 0, 7).toLongArray());
        assertArrayEquals(new long[] {Long.MAX_VALUE, 3, Long.MAX_VALUE, 2, 2, Long.MAX_VALUE - 2, 3,
            Long.MAX_VALUE - 2}, Tensor.cat(1, x.transpose(0, 1), x).toLongArray());
        assertArrayEquals(new long[] {0, 2, 0, 0}, x.triu(1).toLongArray());
        assertArrayEquals(new long[] {0, 0, 3, 0}, x.tril(-1).toLongArray());
        assertArrayEquals(new long[] {Long.MAX_VALUE, 2, Long.MAX_VALUE, 2, 3, Long.MAX_VALUE - 2, 3,
            Long.MAX_VALUE - 2}, x.repeat(1, 2).toLongArray());
    }

    @Test
    void stateIsReadBeforeItIsWritten() {
        Variable v = Variable.of("v", d(1, 2, 3, 4), false);
        v.assign(v.value().flip(0));
        assertValues(v.value(), 4, 3, 2, 1);
        Tensor start = ints(1).reshape();
        Variable.update(new StateUpdate.WriteSlice(0), List.of(v), List.of(v.value().slice(0, 0, 3), start));
        assertValues(v.value(), 4, 4, 3, 2);
        Tensor fresh = Tensor.apply(new StateUpdate.WriteSlice(0), v.value(), d(7, 8), ints(2).reshape());
        assertValues(fresh, 4, 4, 7, 8);
        assertValues(v.value(), 4, 4, 3, 2);
        assertMessage(IndexOutOfRangeException.class, "write_slice: start 3 with 2 elements does not lie within an axis"
                + " of 4; it must lie in 0 .. 2", () -> Variable.update(new StateUpdate.WriteSlice(0), List.of(v),
                List.of(d(7, 8), ints(3).reshape())));
        assertValues(v.value(), 4, 4, 3, 2);
    }

    @Test
    void adamWByHand() {
        Variable p = Variable.of("p", d(1, -2), true);
        Variable m = Variable.of("m", d(0, 0), false);
        Variable v = Variable.of("v", d(0, 0), false);
        StateUpdate op = new StateUpdate.AdamWStep(1, 0.5, 0.75, 0.25, 0.1);
        for (int t = 1; t <= 2; t++) {
            Variable.update(op, List.of(p, m, v), List.of(d(4, 0), d(0.5).reshape(), d(t).reshape(), d(0.5).reshape()));
        }
        // Step 1: g = 2, m = 1, v = 1, mhat = 2, vhat = 4: p = 1 - 0.05 - 0.5 * 2 / 2.25. Step 2: m = 1.5, v = 1.75,
        // mhat = 1.5 / 0.75 = 2, vhat = 1.75 / 0.4375 = 4.
        double one = 0.95 - 1 / 2.25;
        assertValues(p.value(), one * 0.95 - 1 / 2.25, -2 * 0.95 * 0.95);
        assertValues(m.value(), 1.5, 0);
        assertValues(v.value(), 1.75, 0);
    }

    @Test
    void creation() {
        assertValues(Tensor.arange(3, DType.F64, 1, -0.5), 1, 0.5, 0);
        assertArrayEquals(new long[] {5, 7}, Tensor.arange(2, DType.I64, 5, 2).toLongArray());
        assertValues(Tensor.full(Shape.of(2), DType.BOOL, -3), 1, 1);
        assertValues(Tensor.eye(2), 1, 0, 0, 1);
        assertEquals(Shape.of(0), Tensor.arange(0).shape());
    }
}
