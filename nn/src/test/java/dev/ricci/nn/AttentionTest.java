package dev.ricci.nn;

import static dev.ricci.nn.Near.assertGradients;
import static dev.ricci.nn.Near.assertNear;
import static dev.ricci.nn.Near.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttentionTest {
    private static final Rng RNG = Rng.of(6);
    private static final int WIDTH = 8;
    private static final int TOKENS = 7;
    private static final Tensor X = RNG.split("x").normal(2, TOKENS, WIDTH);
    private static final Tensor POSITIONS = Tensor.arange(TOKENS);
    private static final MultiHeadAttention.Config GROUPED = MultiHeadAttention.Config.of(WIDTH, 4).withKvHeads(2)
            .withBias(true, false);

    private static MultiHeadAttention attention(MultiHeadAttention.Config config) {
        return new MultiHeadAttention(config, RNG.split("attention"));
    }

    private static MultiHeadAttention.Config rotary(boolean interleaved) {
        return GROUPED.withHeadDim(4).withRotary(new RotaryEmbedding(
                RotaryEmbedding.Config.of(4, 32).withInterleaved(interleaved)));
    }

    private static KvCache cache(int capacity, int headDim) {
        return new KvCache(new KvCache.Config(1, 2, 2, capacity, headDim));
    }

    private static Tensor project(Map<String, Tensor> w, String name, Tensor x) {
        Tensor y = x.matmul(w.get(name + ".weight").transpose(0, 1));
        return w.containsKey(name + ".bias") ? y.add(w.get(name + ".bias")) : y;
    }

    /** Attention head by head, with the scores in memory; seen [T, T] BOOL. */
    private static Tensor composed(MultiHeadAttention layer, int heads, int kvHeads, Tensor x, Tensor seen) {
        Map<String, Tensor> w = layer.stateDict();
        Tensor q = project(w, "q_proj", x);
        Tensor k = project(w, "k_proj", x);
        Tensor v = project(w, "v_proj", x);
        int d = q.dim(2) / heads;
        Tensor[] out = new Tensor[heads];
        for (int h = 0; h < heads; h++) {
            int g = h / (heads / kvHeads);
            Tensor scores = q.slice(2, h * d, h * d + d).matmul(k.slice(2, g * d, g * d + d).transpose(1, 2))
                    .div(Math.sqrt(d));
            Tensor weights = scores.maskedFill(seen.logicalNot(), Double.NEGATIVE_INFINITY).softmax(-1);
            out[h] = weights.matmul(v.slice(2, g * d, g * d + d));
        }
        return project(w, "o_proj", Tensor.cat(2, out));
    }

    /** BOOL [T, T]: row - column in low .. high. */
    private static Tensor band(int low, int high) {
        Tensor distance = POSITIONS.reshape(TOKENS, 1).sub(POSITIONS);
        return distance.ge(low).logicalAnd(distance.le(high));
    }

    @Test
    void equalsTheFormula() {
        MultiHeadAttention layer = attention(GROUPED);
        assertEquals(Set.of("q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias", "v_proj.weight",
                "v_proj.bias", "o_proj.weight"), layer.parameters().keySet());
        assertEquals(Shape.of(4, 8), layer.parameters().get("k_proj.weight").spec().shape());
        assertNear(1e-5, layer.forward(X, AttentionMask.causal()), composed(layer, 4, 2, X, band(0, 99)));
        assertNear(1e-5, layer.forward(X, AttentionMask.full()), composed(layer, 4, 2, X, band(-99, 99)));
        assertNear(1e-5, layer.forward(X, AttentionMask.slidingWindow(3)), composed(layer, 4, 2, X, band(0, 2)));
        assertNear(1e-5, layer.forward(X, AttentionMask.custom(band(-1, 4))), composed(layer, 4, 2, X, band(-1, 4)));
    }

    @Test
    void masksCombine() {
        MultiHeadAttention layer = attention(GROUPED);
        AttentionMask padding = AttentionMask.padding(TOKENS, 3);
        Tensor both = layer.forward(X, AttentionMask.causal().and(padding));
        assertNear(1e-5, both.select(0, 0), layer.forward(X, AttentionMask.causal()).select(0, 0));
        assertNear(1e-5, both.select(0, 1), composed(layer, 4, 2, X, band(0, 99).logicalAnd(POSITIONS.lt(3)))
                .select(0, 1));
        Tensor full = layer.forward(X, padding);
        assertNear(1e-5, full.select(0, 1), composed(layer, 4, 2, X, POSITIONS.lt(3).expand(TOKENS, TOKENS))
                .select(0, 1));

        AttentionMask seen = AttentionMask.custom(band(-2, 3));
        Tensor minusInfinity = Tensor.scalar(Double.NEGATIVE_INFINITY);
        AttentionMask added = AttentionMask.custom(band(-1, 9).where(Tensor.scalar(0), minusInfinity));
        Tensor expected = composed(layer, 4, 2, X, band(-1, 3));
        assertNear(1e-5, layer.forward(X, seen.and(added)), expected);
        assertNear(1e-5, layer.forward(X, added.and(seen)), expected);
        assertNear(1e-5, layer.forward(X, seen.and(AttentionMask.custom(band(-1, 9)))), expected);
        AttentionMask far = AttentionMask.custom(band(-9, 3).where(Tensor.scalar(0), minusInfinity));
        assertNear(1e-5, layer.forward(X, added.and(far)), expected);
        assertNear(1e-5, layer.forward(X, far.and(added)), expected);
        assertNear(1e-5, layer.forward(X, AttentionMask.slidingWindow(2).and(AttentionMask.slidingWindow(4))
                .and(AttentionMask.full())), composed(layer, 4, 2, X, band(0, 1)));
        assertThrows(ShapeException.class, () -> AttentionMask.slidingWindow(0));
        assertThrows(TensorException.class, () -> AttentionMask.custom(Tensor.arange(3)));
        assertThrows(TensorException.class, () -> AttentionMask.padding(Tensor.ones(2)));
    }

    @Test
    void groupedQueriesAreRepeatedKeys() {
        MultiHeadAttention grouped = attention(GROUPED);
        MultiHeadAttention repeated = attention(GROUPED.withKvHeads(4));
        Map<String, Tensor> state = new HashMap<>(grouped.stateDict());
        for (String name : List.of("k_proj.weight", "v_proj.weight", "k_proj.bias", "v_proj.bias")) {
            Tensor w = state.get(name);
            Tensor heads = w.reshape(2, 1, -1).expand(2, 2, w.size() / 2);
            state.put(name, heads.reshape(w.shape().with(0, WIDTH)));
        }
        repeated.load(state);
        assertSameBits(repeated.forward(X, AttentionMask.causal()), grouped.forward(X, AttentionMask.causal()));
    }

    @Test
    void gradients() {
        MultiHeadAttention layer = attention(rotary(false));
        assertGradients(layer, x -> layer.forward(x, AttentionMask.causal()), X);
        // A causal result at token 2 depends on tokens 0 .. 2 alone.
        Tensor x = X.tracked();
        Tensor g = Gradients.of(layer.forward(x, AttentionMask.causal()).select(1, 2).sum()).get(x);
        assertEquals(0, g.slice(1, 3, TOKENS).abs().max().item());
        assertTrue(g.slice(1, 0, 3).abs().min().item() > 0);
    }

    @Test
    void throughTheCacheTheSameBits() {
        for (MultiHeadAttention.Config config : List.of(GROUPED.withHeadDim(4), rotary(false), rotary(true))) {
            MultiHeadAttention layer = attention(config);
            for (AttentionMask mask : List.of(AttentionMask.causal(), AttentionMask.slidingWindow(3))) {
                NoGrad.run(() -> {
                    Tensor expected = layer.forward(X, mask);
                    for (int[] pieces : new int[][] {{7}, {1, 1, 1, 1, 1, 1, 1}, {3, 1, 2, 1}, {6, 1}}) {
                        KvCache cache = cache(TOKENS, 4);
                        Tensor[] out = new Tensor[pieces.length];
                        int at = 0;
                        for (int i = 0; i < pieces.length; i++) {
                            out[i] = layer.forward(X.slice(1, at, at + pieces[i]),
                                    POSITIONS.slice(0, at, at + pieces[i]), mask, cache.slot(0));
                            at += pieces[i];
                            assertEquals(at, cache.length());
                        }
                        assertSameBits(expected, Tensor.cat(1, out));
                    }
                });
            }
        }
    }

    @Test
    void truncatedAndOverwrittenCachesForget() {
        MultiHeadAttention layer = attention(rotary(false));
        AttentionMask causal = AttentionMask.causal();
        Tensor other = RNG.split("other").normal(2, TOKENS, WIDTH);
        NoGrad.run(() -> {
            Tensor expected = layer.forward(X, causal);
            KvCache cache = cache(9, 4);
            layer.forward(Tensor.cat(1, X.slice(1, 0, 3), other.slice(1, 3, 7)), POSITIONS, causal, cache.slot(0));
            cache.truncate(3);
            assertEquals(3, cache.length());
            Tensor tail = layer.forward(X.slice(1, 3, 5), POSITIONS.slice(0, 3, 5), causal, cache.slot(0));
            assertSameBits(expected.slice(1, 3, 5), tail);

            // Two wrong tokens at the end, overwritten by the right ones.
            layer.forward(other.slice(1, 5, 7), POSITIONS.slice(0, 5, 7), causal, cache.slot(0));
            Tensor right = layer.forward(X.slice(1, 5, 7), POSITIONS.slice(0, 5, 7), causal, cache.slot(0), 5);
            assertSameBits(expected.slice(1, 5, 7), right);
            assertEquals(TOKENS, cache.length());

            // Overwritten in the middle, under a full mask all tokens are seen, under a causal one those before.
            Tensor mixed = Tensor.cat(1, X.slice(1, 0, 2), other.slice(1, 2, 4), X.slice(1, 4, 7));
            Tensor middle = layer.forward(other.slice(1, 2, 4), POSITIONS.slice(0, 2, 4), AttentionMask.full(),
                    cache.slot(0), 2);
            assertSameBits(layer.forward(mixed, AttentionMask.full()).slice(1, 2, 4), middle);
            Tensor before = layer.forward(other.slice(1, 2, 4), POSITIONS.slice(0, 2, 4), causal, cache.slot(0), 2);
            assertSameBits(layer.forward(mixed, causal).slice(1, 2, 4), before);
        });
    }

    @Test
    void selectedSequencesGoOn() {
        MultiHeadAttention layer = attention(rotary(false));
        AttentionMask causal = AttentionMask.causal();
        NoGrad.run(() -> {
            for (int[] rows : new int[][] {{1, 0}, {1, 1}, {0, 1, 0}, {1}}) {
                KvCache cache = cache(TOKENS, 4);
                layer.forward(X.slice(1, 0, 4), POSITIONS.slice(0, 0, 4), causal, cache.slot(0));
                cache.select(rows);
                assertEquals(rows.length, cache.batch());
                Tensor chosen = X.indexSelect(0, Tensor.ofInts(rows));
                Tensor y = layer.forward(chosen.slice(1, 4, 7), POSITIONS.slice(0, 4, 7), causal, cache.slot(0));
                assertSameBits(layer.forward(chosen, causal).slice(1, 4, 7), y);
            }
        });
    }

    @Test
    void cachesRefuseWhatDoesNotFit() {
        MultiHeadAttention layer = attention(GROUPED.withHeadDim(4));
        KvCache cache = cache(8, 4);
        assertEquals(2 * 4 * 2 * 2 * 8 * 4, cache.bytes());
        TensorException tracked = assertThrows(TensorException.class,
                () -> layer.forward(X, POSITIONS, AttentionMask.causal(), cache.slot(0)));
        assertTrue(tracked.getMessage().contains("NoGrad"), tracked.getMessage());
        NoGrad.run(() -> {
            layer.forward(X, POSITIONS, AttentionMask.causal(), cache.slot(0));
            Tensor before = cache.slot(0).keys(7).contiguous();
            TensorException full = assertThrows(TensorException.class,
                    () -> layer.forward(X, POSITIONS, AttentionMask.causal(), cache.slot(0)));
            assertEquals("kv_cache: no room for 7 tokens from position 7 on; the capacity is 8. Make a larger cache, or"
                    + " truncate it", full.getMessage());
            assertEquals(7, cache.length());
            assertSameBits(before, cache.slot(0).keys(7));
            Tensor one = Tensor.ones(2, 2, 1, 4);
            assertThrows(ShapeException.class, () -> cache.slot(0).append(one, Tensor.ones(2, 2, 1, 5)));
            assertThrows(ShapeException.class, () -> cache.slot(0).append(Tensor.ones(1, 2, 1, 4), one));
            assertThrows(ShapeException.class, () -> cache.slot(0).append(Tensor.ones(2, 2, 4), one));
            assertThrows(IndexOutOfRangeException.class, () -> cache.slot(0).write(8, one, one));
            assertThrows(IndexOutOfRangeException.class, () -> cache.truncate(8));
            assertThrows(IndexOutOfRangeException.class, () -> cache.truncate(-1));
            assertThrows(IndexOutOfRangeException.class, () -> cache.select(2));
            assertThrows(TensorException.class, () -> cache.select());
            assertThrows(IndexOutOfRangeException.class, () -> cache.slot(1));
        });
    }

    @Test
    void rotationDependsOnTheDistanceAlone() {
        for (boolean interleaved : new boolean[] {false, true}) {
            RotaryEmbedding rotary = new RotaryEmbedding(
                    RotaryEmbedding.Config.of(6, 64).withInterleaved(interleaved).withTheta(100));
            Tensor q = RNG.split("q").normal(1, 8);
            Tensor k = RNG.split("k").normal(1, 8);
            double near = dot(rotary, q, 5, k, 2);
            assertEquals(near, dot(rotary, q, 45, k, 42), 1e-4);
            assertEquals(q.mul(k).sum().item(), dot(rotary, q, 9, k, 9), 1e-5);
            assertTrue(Math.abs(near - dot(rotary, q, 6, k, 2)) > 1e-3);
        }
    }

    private static double dot(RotaryEmbedding rotary, Tensor q, int m, Tensor k, int n) {
        return rotary.apply(q, Tensor.ofInts(new int[] {m})).mul(rotary.apply(k, Tensor.ofInts(new int[] {n}))).sum()
                .item();
    }

    @Test
    void rotationTurnsPairsByTheirFrequency() {
        Tensor x = Tensor.of(new float[] {1, 0, 0, 2}, 1, 4);
        Tensor three = Tensor.ofInts(new int[] {3});
        double fast = 3;
        double slow = 3 * Math.pow(10000, -0.5);
        assertNear(1e-6, new RotaryEmbedding(RotaryEmbedding.Config.of(4, 4).withInterleaved(true)).apply(x, three),
                Math.cos(fast), Math.sin(fast), -2 * Math.sin(slow), 2 * Math.cos(slow));
        assertNear(1e-6, new RotaryEmbedding(4, 4).apply(x, three),
                Math.cos(fast), -2 * Math.sin(slow), Math.sin(fast), 2 * Math.cos(slow));
        Tensor halved = new RotaryEmbedding(RotaryEmbedding.Config.of(4, 8).withScaling(new RopeScaling.Linear(2)))
                .apply(x, Tensor.ofInts(new int[] {6}));
        assertNear(1e-6, halved, new RotaryEmbedding(4, 4).apply(x, three));
        assertThrows(IndexOutOfRangeException.class,
                () -> new RotaryEmbedding(4, 3).apply(x, three));
        assertThrows(ShapeException.class, () -> new RotaryEmbedding(6, 3).apply(x, three));
        assertThrows(ShapeException.class, () -> new RotaryEmbedding(3, 3));
        assertThrows(TensorException.class, () -> RotaryEmbedding.Config.of(4, 3).withTheta(0));
    }

    @Test
    void positionsPerSequence() {
        MultiHeadAttention layer = attention(rotary(true));
        Tensor shifted = Tensor.stack(0, List.of(POSITIONS, POSITIONS.add(3)));
        Tensor y = layer.forward(X, shifted, AttentionMask.causal());
        assertNear(1e-5, y, layer.forward(X, AttentionMask.causal()));
        Tensor stretched = Tensor.stack(0, List.of(POSITIONS, POSITIONS.mul(3)));
        Tensor z = layer.forward(X, stretched, AttentionMask.causal());
        assertSameBits(layer.forward(X, AttentionMask.causal()).select(0, 0), z.select(0, 0));
        assertSameBits(layer.forward(X, POSITIONS.mul(3).to(DType.I64), AttentionMask.causal()).select(0, 1),
                z.select(0, 1));
        assertTrue(z.sub(y).abs().max().item() > 1e-3);
    }

    @Test
    void hyperParametersAreChecked() {
        assertThrows(ShapeException.class, () -> MultiHeadAttention.Config.of(8, 3));
        assertThrows(ShapeException.class, () -> GROUPED.withKvHeads(3));
        assertThrows(ShapeException.class, () -> GROUPED.withRotary(new RotaryEmbedding(4, 3)));
        MultiHeadAttention layer = attention(GROUPED);
        Layer model = new Layer() {
            final Layer attention = child("attn", layer);
        };
        ShapeException e = assertThrows(ShapeException.class,
                () -> layer.forward(Tensor.ones(7, 8), AttentionMask.full()));
        assertEquals("attention 'attn.q_proj.weight': x must be [B, T, 8], got [7, 8]", e.getMessage());
        assertEquals(8 * 8 + 8 + 2 * (4 * 8 + 4) + 8 * 8, model.parameterCount());
    }
}
