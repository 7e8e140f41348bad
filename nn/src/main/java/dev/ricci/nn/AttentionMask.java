package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/**
 * Which keys a query sees, as a value: T queries against S keys, of which the last T are the queries' own tokens. Masks
 * are combined by {@link #and}.
 */
public sealed interface AttentionMask {
    /** Each query sees its own token and those before it: language models that write from left to right. */
    record Causal() implements AttentionMask {
    }

    /** Each query sees all keys: encoders, masked diffusion models. */
    record Full() implements AttentionMask {
    }

    /**
     * Blocks of {@code size} tokens, counted from key 0: each query sees its own block and those before it, whole (Arriola
     * et al. 2025, section 3.1).
     *
     * @param size positive
     */
    record BlockCausal(int size) implements AttentionMask {
        /** Checks the size. */
        public BlockCausal {
            Check.positive("attention mask", "block size", size);
        }
    }

    /**
     * Block diffusion in one pass (Arriola et al. 2025, section 3.1 and appendix B.6): of 2 L tokens the first L are noisy,
     * the last L the same ones clean. A noisy token sees the noisy ones of its block and the clean ones of the blocks
     * before; a clean one the clean ones of its block and those before.
     *
     * @param size tokens in a block, positive; L is a multiple of it
     */
    record BlockDiffusion(int size) implements AttentionMask {
        /** Checks the size. */
        public BlockDiffusion {
            Check.positive("attention mask", "block size", size);
        }
    }

    /**
     * Causal, and no further back than {@code size} tokens, the own one included (Beltagy et al. 2020).
     *
     * @param size positive
     */
    record SlidingWindow(int size) implements AttentionMask {
        /** Checks the size. */
        public SlidingWindow {
            Check.positive("attention mask", "window size", size);
        }
    }

    /**
     * Sequence b of the batch sees only its first {@code lengths[b]} keys; what follows is padding.
     *
     * @param lengths [B] I32 or I64
     */
    record Padding(Tensor lengths) implements AttentionMask {
        /** Checks rank and type. */
        public Padding {
            if (lengths.rank() != 1 || !lengths.dtype().isInteger()) {
                throw new ShapeException("attention mask: lengths must be [B] of I32 or I64, got " + lengths.spec());
            }
        }
    }

    /**
     * Any mask.
     *
     * @param mask broadcasts to [B, H, T, S]; BOOL: true is seen; F32 or F64: added to the scores
     */
    record Custom(Tensor mask) implements AttentionMask {
        /** Checks the type. */
        public Custom {
            if (mask.dtype() != DType.BOOL && !mask.dtype().isComputable()) {
                throw new DTypeException("attention mask: must be BOOL, or F32 or F64 to be added, got " + mask.spec());
            }
        }
    }

    /**
     * Only what both let through.
     *
     * @param first a mask
     * @param second another
     */
    record Both(AttentionMask first, AttentionMask second) implements AttentionMask {
    }

    /** {@link Causal}. */
    static AttentionMask causal() {
        return new Causal();
    }

    /** {@link Full}. */
    static AttentionMask full() {
        return new Full();
    }

    /** {@link BlockCausal}. */
    static AttentionMask blockCausal(int size) {
        return new BlockCausal(size);
    }

    /** {@link BlockDiffusion}. */
    static AttentionMask blockDiffusion(int size) {
        return new BlockDiffusion(size);
    }

    /** {@link SlidingWindow}. */
    static AttentionMask slidingWindow(int size) {
        return new SlidingWindow(size);
    }

    /** {@link Padding}. */
    static AttentionMask padding(int... lengths) {
        return new Padding(Tensor.ofInts(lengths, lengths.length));
    }

    /** {@link Padding}. */
    static AttentionMask padding(Tensor lengths) {
        return new Padding(lengths);
    }

    /** {@link Custom}. */
    static AttentionMask custom(Tensor mask) {
        return new Custom(mask);
    }

    /** Only what both let through; additive masks are added. */
    default AttentionMask and(AttentionMask other) {
        return new Both(this, other);
    }

    /** Whether no query sees a key behind its own token, by the kind of the mask. */
    default boolean isCausal() {
        return switch (this) {
            case Causal _, SlidingWindow _ -> true;
            case Full _, BlockCausal _, BlockDiffusion _, Padding _, Custom _ -> false;
            case Both(AttentionMask a, AttentionMask b) -> a.isCausal() || b.isCausal();
        };
    }

    /**
     * Whether the tokens given at a time, the last of which ends its block if there are blocks, see nothing that comes
     * after them: what a cache of keys and values needs to be exact.
     */
    default boolean isLeftToRight() {
        return switch (this) {
            case Causal _, SlidingWindow _, BlockCausal _ -> true;
            case Full _, BlockDiffusion _, Padding _, Custom _ -> false;
            case Both(AttentionMask a, AttentionMask b) -> a.isLeftToRight() || b.isLeftToRight();
        };
    }

    /** Whether it is a rule about positions, which holds for each of several sequences side by side. */
    default boolean isRule() {
        return switch (this) {
            case Causal _, SlidingWindow _, BlockCausal _, Full _ -> true;
            case BlockDiffusion _, Padding _, Custom _ -> false;
            case Both(AttentionMask a, AttentionMask b) -> a.isRule() && b.isRule();
        };
    }

    /** Size of the sliding window, 0 for none. */
    default int window() {
        return switch (this) {
            case SlidingWindow(int size) -> size;
            case Causal _, Full _, BlockCausal _, BlockDiffusion _, Padding _, Custom _ -> 0;
            case Both(AttentionMask a, AttentionMask b) -> a.window() == 0 ? b.window()
                    : b.window() == 0 ? a.window() : Math.min(a.window(), b.window());
        };
    }

    /**
     * The rest of the mask as a tensor, or null if causality and window say it all, or if all is seen.
     *
     * @param queries T
     * @param keys S
     * @return broadcasts to [B, H, T, S]; BOOL or additive
     */
    default Tensor tensor(int queries, int keys) {
        return switch (this) {
            case Causal _, Full _, SlidingWindow _ -> null;
            case BlockCausal(int size) -> blockCausal(queries, keys, size);
            case BlockDiffusion(int size) -> blockDiffusion(queries, keys, size);
            case Padding(Tensor lengths) -> Tensor.arange(keys, lengths.dtype(), 0, 1)
                    .reshape(1, 1, 1, keys).lt(lengths.reshape(lengths.dim(0), 1, 1, 1));
            case Custom(Tensor mask) -> mask;
            case Both(AttentionMask a, AttentionMask b) -> both(a.tensor(queries, keys), b.tensor(queries, keys));
        };
    }

    /** Queries of the last block see all. */
    private static Tensor blockCausal(int queries, int keys, int size) {
        int first = keys - queries;
        return first / size == (keys - 1) / size ? null
                : table(queries, keys, q -> k -> (first + q) / size >= k / size);
    }

    private static Tensor blockDiffusion(int queries, int keys, int size) {
        if (queries != keys || queries % (2 * size) != 0) {
            throw new ShapeException("attention mask: block diffusion needs as many keys as queries, twice a multiple of the"
                    + " block of " + size + ", got " + queries + " queries and " + keys + " keys");
        }
        int length = queries / 2;
        return table(queries, keys, q -> k -> {
            int own = q % length / size;
            int other = k % length / size;
            return k < length ? q < length && own == other : q < length ? own > other : own >= other;
        });
    }

    /** @param sees which keys a query sees */
    private static Tensor table(int queries, int keys, IntFunction<IntPredicate> sees) {
        boolean[] seen = new boolean[Math.multiplyExact(queries, keys)];
        for (int q = 0, i = 0; q < queries; q++) {
            IntPredicate key = sees.apply(q);
            for (int k = 0; k < keys; k++) {
                seen[i++] = key.test(k);
            }
        }
        return Tensor.ofBooleans(seen, queries, keys);
    }

    private static Tensor both(Tensor a, Tensor b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        boolean aBool = a.dtype() == DType.BOOL;
        boolean bBool = b.dtype() == DType.BOOL;
        if (aBool && bBool) {
            return a.logicalAnd(b);
        }
        if (aBool || bBool) {
            Tensor seen = aBool ? a : b;
            Tensor added = aBool ? b : a;
            Tensor unseen = Tensor.full(Shape.scalar(), added.dtype(), Double.NEGATIVE_INFINITY);
            return seen.where(added, unseen);
        }
        if (a.dtype() != b.dtype()) {
            throw new TensorException("attention mask: additive masks must be of one type, got " + a.spec() + " and "
                    + b.spec());
        }
        return a.add(b);
    }
}
