package dev.ricci.nn;

import static dev.ricci.nn.Near.assertNear;
import static dev.ricci.nn.Near.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Masks of block diffusion, against what they mean token by token, and through caches. */
class BlockMaskTest {
    private static final int TOKENS = 230;
    private static final Tensor X = Rng.of(1).normal(1, TOKENS, 8);
    private static final MultiHeadAttention LAYER = new MultiHeadAttention(MultiHeadAttention.Config.of(8, 4)
            .withKvHeads(2).withHeadDim(4).withRotary(new RotaryEmbedding(4, TOKENS)), Rng.of(2));

    private static KvCache cache() {
        return new KvCache(new KvCache.Config(1, 1, 2, TOKENS, 4));
    }

    private static boolean seen(Tensor mask, int query, int key) {
        return mask.select(0, query).select(0, key).item() != 0;
    }

    @Test
    void blocksSeeThemselvesAndThoseBefore() {
        Tensor mask = AttentionMask.blockCausal(3).tensor(5, 11);
        for (int q = 0; q < 5; q++) {
            for (int k = 0; k < 11; k++) {
                assertEquals(k / 3 <= (q + 6) / 3, seen(mask, q, k), q + " sees " + k);
            }
        }
    }

    /** The three parts of Arriola et al. 2025, appendix B.6, token by token. */
    @Test
    void noisyBlocksSeeThemselvesAndCleanOnesBefore() {
        for (int size : new int[] {1, 2, 3, 6}) {
            Tensor mask = AttentionMask.blockDiffusion(size).tensor(12, 12);
            for (int q = 0; q < 12; q++) {
                for (int k = 0; k < 12; k++) {
                    int own = q % 6 / size;
                    int other = k % 6 / size;
                    boolean expected = q < 6 ? k < 6 ? own == other : other < own : k >= 6 && other <= own;
                    assertEquals(expected, seen(mask, q, k), size + ": " + q + " sees " + k);
                }
            }
        }
        assertThrows(ShapeException.class, () -> AttentionMask.blockDiffusion(4).tensor(12, 12));
        assertThrows(ShapeException.class, () -> AttentionMask.blockDiffusion(3).tensor(6, 12));
        assertThrows(ShapeException.class, () -> AttentionMask.blockCausal(0));
        assertTrue(AttentionMask.blockCausal(2).isLeftToRight());
        assertFalse(AttentionMask.blockCausal(2).isCausal());
        assertFalse(AttentionMask.blockDiffusion(2).isRule());
    }

    /** Block by block through a cache, a block written twice, beside another sequence: the bits of the whole. */
    @Test
    void anExactCacheChangesNoBit() {
        for (int size : new int[] {1, 4, 23}) {
            AttentionMask mask = AttentionMask.blockCausal(size);
            NoGrad.run(() -> {
                int whole = TOKENS / size * size;
                Tensor x = X.slice(1, 0, whole);
                Tensor expected = LAYER.forward(x, mask);
                KvCache cache = cache();
                KvCache other = cache();
                int prompt = 92 / size * size;
                LAYER.forward(x.slice(1, 0, prompt), Tensor.arange(prompt), mask, cache.slot(0));
                LAYER.forward(x.slice(1, 0, size), Tensor.arange(size), mask, other.slot(0));
                for (int at = prompt; at < whole; at += size) {
                    for (Tensor from : List.of(x.neg(), x)) {
                        Tensor both = Tensor.cat(1, from.slice(1, at, at + size), x.slice(1, 0, size));
                        KvBatch batch = new KvBatch(List.of(cache, other), new int[] {at, 0}, new int[] {size, size});
                        Tensor y = LAYER.forward(both, batch.positions(), mask, batch.slot(0));
                        assertSameBits(expected.slice(1, 0, size), y.slice(1, size, 2 * size));
                        if (from == x) {
                            assertSameBits(expected.slice(1, at, at + size), y.slice(1, 0, size));
                        }
                    }
                }
            });
        }
    }

    /** Under a full mask, what is written in the middle sees all that the cache holds, on both sides. */
    @Test
    void aMiddleSeesBothSides() {
        NoGrad.run(() -> {
            Tensor x = X.slice(1, 0, 40);
            KvCache cache = cache();
            LAYER.forward(x, Tensor.arange(40), AttentionMask.full(), cache.slot(0));
            KvBatch batch = new KvBatch(List.of(cache), new int[] {7}, new int[] {9});
            Tensor y = LAYER.forward(x.slice(1, 7, 16), batch.positions(), AttentionMask.full(), batch.slot(0));
            assertSameBits(LAYER.forward(x, AttentionMask.full()).slice(1, 7, 16), y);
            assertEquals(40, cache.length());
            Tensor start = Tensor.ofInts(new int[] {7}).reshape();
            assertThrows(TensorException.class, () -> LAYER.forward(x.slice(1, 7, 8), Tensor.arange(1),
                    AttentionMask.blockCausal(9), new KvStep(cache, start, 1).slot(0)), "masks by position alone");
        });
    }

    @Test
    void aLayerComputesInDoublePrecision() {
        MultiHeadAttention layer = new MultiHeadAttention(MultiHeadAttention.Config.of(8, 4).withRotary(
                new RotaryEmbedding(2, 64)), Rng.of(3));
        Tensor x = X.slice(1, 0, 20);
        Tensor expected = layer.forward(x, AttentionMask.blockCausal(5));
        layer.convert(DType.F64);
        Tensor y = layer.forward(x.to(DType.F64), AttentionMask.blockCausal(5));
        assertEquals(DType.F64, y.dtype());
        assertNear(1e-5, y.to(DType.F32), expected);
        NoGrad.run(() -> {
            KvCache cache = new KvCache(new KvCache.Config(1, 1, 4, 20, 2, DType.F64));
            assertNear(0, layer.forward(x.to(DType.F64), Tensor.arange(20), AttentionMask.blockCausal(5), cache.slot(0)), y);
            assertEquals(2 * 8 * 4 * 20 * 2, cache.bytes());
        });
        assertThrows(TensorException.class, () -> layer.convert(DType.F16));
        assertThrows(TensorException.class, () -> new BatchNorm(3).convert(DType.F64));
    }
}
