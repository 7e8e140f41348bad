package dev.ricci.nn;

import static dev.ricci.nn.Near.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.cpu.Threads;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvBatchTest {
    private static final int WIDTH = 8;
    private static final Tensor X = Rng.of(1).normal(1, 500, WIDTH);
    private static final MultiHeadAttention LAYER = new MultiHeadAttention(MultiHeadAttention.Config.of(WIDTH, 4)
            .withKvHeads(2).withHeadDim(4).withRotary(new RotaryEmbedding(4, 512)), Rng.of(2));

    private static KvCache cache(int capacity) {
        return new KvCache(new KvCache.Config(1, 1, 2, capacity, 4));
    }

    private static Tensor step(List<KvCache> caches, Tensor x, AttentionMask mask, int... tokens) {
        KvBatch batch = new KvBatch(caches, tokens);
        return LAYER.forward(x, batch.positions(), mask, batch.slot(0));
    }

    /** Sequences of different lengths that read one token or many, among others and alone. */
    @Test
    void othersChangeNoBit() {
        int[][] steps = {{400, 1, 0}, {1, 1, 7}, {0, 90, 1}, {1, 1, 1}, {30, 0, 200}};
        for (AttentionMask mask : List.of(AttentionMask.causal(), AttentionMask.slidingWindow(50))) {
            Tensor whole = LAYER.forward(X, mask);
            for (int threads : new int[] {1, 2}) {
                Threads.limit(threads, () -> NoGrad.run(() -> {
                    List<KvCache> caches = List.of(cache(500), cache(100), cache(450));
                    for (int[] counts : steps) {
                        List<KvCache> chosen = new ArrayList<>();
                        List<Tensor> inputs = new ArrayList<>();
                        List<Tensor> expected = new ArrayList<>();
                        for (int i = 0; i < counts.length; i++) {
                            int from = caches.get(i).length();
                            if (counts[i] > 0) {
                                chosen.add(caches.get(i));
                                inputs.add(X.slice(1, from, from + counts[i]));
                                expected.add(whole.slice(1, from, from + counts[i]));
                            }
                        }
                        int[] tokens = chosen.stream().mapToInt(c -> counts[caches.indexOf(c)]).toArray();
                        assertSameBits(Tensor.cat(1, expected), step(chosen, Tensor.cat(1, inputs), mask, tokens));
                    }
                    assertEquals(432, caches.getFirst().length());
                }));
            }
        }
    }

    @Test
    void saysWhereTokensStand() {
        KvCache long1 = cache(9);
        NoGrad.run(() -> step(List.of(long1), X.slice(1, 0, 4), AttentionMask.causal(), 4));
        KvBatch batch = new KvBatch(List.of(cache(3), long1), 2, 3);
        assertEquals(5, batch.tokens());
        assertArrayEquals(new int[] {1, 4}, batch.lastTokens());
        assertArrayEquals(new int[] {0, 1, 4, 5, 6}, batch.positions().toIntArray());
    }

    @Test
    void aCacheGrowsAndCopies() {
        NoGrad.run(() -> {
            KvCache cache = cache(6);
            cache.grow(7);
            step(List.of(cache), X.slice(1, 0, 6), AttentionMask.causal(), 6);
            Tensor keys = cache.slot(0).keys(6).contiguous();
            cache.grow(40);
            assertEquals(40, cache.capacity());
            assertEquals(6, cache.length());
            assertSameBits(keys, cache.slot(0).keys(6));
            KvCache other = cache(30);
            step(List.of(other), X.slice(1, 20, 29), AttentionMask.causal(), 9);
            other.copyFrom(cache, 5);
            assertEquals(5, other.length());
            Tensor next = X.slice(1, 5, 12);
            assertSameBits(LAYER.forward(X.slice(1, 0, 12), AttentionMask.causal()).slice(1, 5, 12),
                    step(List.of(other), next, AttentionMask.causal(), 7));
            other.copyFrom(cache, 0);
            assertEquals(0, other.length());
            assertThrows(TensorException.class, () -> cache.grow(39));
            assertThrows(TensorException.class, () -> other.copyFrom(cache, 7));
            assertThrows(TensorException.class, () -> cache(4).copyFrom(cache, 5));
        });
    }

    @Test
    void refusesWhatDoesNotFit() {
        KvCache cache = cache(4);
        assertThrows(ShapeException.class, () -> new KvBatch(List.of(cache), 1, 2));
        assertThrows(TensorException.class, () -> new KvBatch(List.of()));
        assertThrows(TensorException.class, () -> new KvBatch(List.of(cache), 0));
        assertThrows(TensorException.class, () -> new KvBatch(List.of(cache), 5));
        assertThrows(TensorException.class, () -> new KvBatch(List.of(cache, cache), 1, 1));
        assertThrows(ShapeException.class, () -> new KvBatch(List.of(
                new KvCache(new KvCache.Config(1, 2, 2, 4, 4))), 1));
        assertThrows(ShapeException.class, () -> new KvBatch(List.of(cache,
                new KvCache(new KvCache.Config(2, 1, 2, 4, 4))), 1, 1));
        NoGrad.run(() -> {
            assertThrows(ShapeException.class, () -> step(List.of(cache), X.slice(1, 0, 3), AttentionMask.causal(), 2));
            String message = assertThrows(TensorException.class,
                    () -> step(List.of(cache), X.slice(1, 0, 2), AttentionMask.padding(2), 2)).getMessage();
            assertTrue(message.contains("rule about positions"), message);
            assertThrows(TensorException.class, () -> new KvBatch(List.of(cache), new int[] {1}, new int[] {1}));
        });
        assertThrows(TensorException.class, () -> step(List.of(cache), X.slice(1, 0, 2), AttentionMask.causal(), 2));
        assertEquals(0, cache.length());
    }
}
