package dev.ricci.nn;

import static dev.ricci.nn.Near.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvStepTest {
    private static final int WIDTH = 8;
    private static final int CAPACITY = 400;
    private static final Tensor X = Rng.of(1).normal(1, CAPACITY, WIDTH);

    private static MultiHeadAttention layer(double cap) {
        return new MultiHeadAttention(MultiHeadAttention.Config.of(WIDTH, 4).withKvHeads(2).withHeadDim(4)
                .withRotary(new RotaryEmbedding(4, 512)).withScores(0, cap), Rng.of(2));
    }

    private static KvCache cache(int capacity) {
        return new KvCache(new KvCache.Config(1, 1, 2, capacity, 4));
    }

    private static Tensor position(int at) {
        return Tensor.ofInts(new int[] {at}).reshape();
    }

    private static Tensor step(MultiHeadAttention layer, KvCache cache, Tensor x, Tensor at, AttentionMask mask) {
        KvStep step = new KvStep(cache, at, x.dim(1));
        return layer.forward(x, step.positions(), mask, step.slot(0));
    }

    /** One token, some, and many, where blocks of keys begin and end, beside a cache that knows its length. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 1.5})
    void hasTheBitsOfTheCache(double cap) {
        MultiHeadAttention layer = layer(cap);
        for (AttentionMask mask : List.of(AttentionMask.causal(), AttentionMask.slidingWindow(50), AttentionMask.full())) {
            KvCache known = cache(CAPACITY);
            KvCache cache = cache(CAPACITY);
            NoGrad.run(() -> {
                for (int tokens : new int[] {1, 3, 180, 7, 1, 1, 4, 58, 1, 140, 3, 1}) {
                    int at = cache.length();
                    Tensor x = X.slice(1, at, at + tokens);
                    Tensor expected = layer.forward(x, Tensor.arange(tokens, DType.I32, at, 1), mask, known.slot(0));
                    assertSameBits(expected, step(layer, cache, x, position(at), mask));
                    cache.advance(tokens);
                }
            });
            assertEquals(CAPACITY, cache.length());
        }
    }

    @Test
    void aProgramRunsAtEveryPosition() {
        MultiHeadAttention layer = layer(0);
        KvCache cache = cache(9);
        Tensor whole = NoGrad.call(() -> layer.forward(X.slice(1, 0, 9), AttentionMask.causal()));
        NoGrad.run(() -> layer.forward(X.slice(1, 0, 3), Tensor.arange(3), AttentionMask.causal(), cache.slot(0)));
        Program program = NoGrad.call(() -> Program.capture("step",
                in -> List.of(step(layer, cache, in.get(0), in.get(1), AttentionMask.causal())),
                List.of(X.slice(1, 0, 1), position(0))));
        for (int at : new int[] {3, 4, 5, 6, 4, 5, 6, 7, 8}) {
            assertSameBits(whole.slice(1, at, at + 1), program.run(X.slice(1, at, at + 1), position(at)).getFirst());
        }
        assertEquals(3, cache.length());
        cache.advance(6);
        assertEquals(9, cache.length());
        String full = assertThrows(TensorException.class, () -> cache.advance(1)).getMessage();
        assertTrue(full.contains("no room for 1 tokens from position 9"), full);
        String beyond = assertThrows(TensorException.class, () -> program.run(X.slice(1, 0, 1), position(9))).getMessage();
        assertTrue(beyond.contains("write_slice"), beyond);
    }

    @Test
    void refusesWhatItCannotMask() {
        MultiHeadAttention layer = layer(0);
        KvCache cache = cache(9);
        assertArrayEquals(new int[] {2, 3, 4}, new KvStep(cache, position(2), 3).positions().toIntArray());
        AttentionMask custom = AttentionMask.causal().and(AttentionMask.padding(1, 1));
        String message = assertThrows(TensorException.class, () -> NoGrad.run(
                () -> step(layer, cache, X.slice(1, 0, 1), position(0), custom))).getMessage();
        assertTrue(message.contains("masks by position alone"), message);
        assertThrows(ShapeException.class, () -> new KvStep(cache, Tensor.arange(1), 1));
        assertThrows(ShapeException.class, () -> new KvStep(cache, Tensor.scalar(1), 1));
        assertThrows(TensorException.class, () -> new KvStep(cache, position(0), 10));
        KvStep step = new KvStep(cache, position(0), 2);
        assertThrows(ShapeException.class, () -> NoGrad.run(
                () -> layer.forward(X.slice(1, 0, 1), Tensor.arange(1), AttentionMask.causal(), step.slot(0))));
        String tracked = assertThrows(TensorException.class,
                () -> step(layer, cache, X.slice(1, 0, 1), position(0), AttentionMask.causal())).getMessage();
        assertTrue(tracked.contains("no gradient flows through a cache"), tracked);
    }
}
