package dev.ricci.models.cost;

import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole generation.
 *
 * @param method how
 * @param batch number of sequences
 * @param prompt tokens of each that are given, at least 1
 * @param length tokens of each that are generated
 * @param block tokens of a block; {@code length} is a multiple of it
 * @param steps K, denoising steps in all blocks together, a multiple of their number; of no meaning to
 *     {@link DecodingMethod#AUTOREGRESSIVE}
 */
public record DecodingPlan(DecodingMethod method, int batch, int prompt, int length, int block, int steps) {
    /** Checks every field. */
    public DecodingPlan {
        if (batch < 1 || prompt < 1 || length < 1 || block < 1 || steps < 1) {
            throw new TensorException("cost: batch, prompt, length, block and steps must be positive, got " + batch + ", "
                    + prompt + ", " + length + ", " + block + ", " + steps);
        }
        if (length % block != 0) {
            throw new TensorException("cost: length = " + length + " must be a multiple of block = " + block);
        }
        if (steps % (length / block) != 0) {
            throw new TensorException("cost: steps = " + steps + " must be a multiple of the number of blocks, "
                    + length / block);
        }
    }

    /**
     * Equal passes.
     *
     * @param count how many
     * @param pass each of them
     */
    public record Phase(int count, Pass pass) {
    }

    /** Number of blocks. */
    public int blocks() {
        return length / block;
    }

    /** The same in another way. */
    public DecodingPlan with(DecodingMethod other) {
        return new DecodingPlan(other, batch, prompt, length, block, steps);
    }

    /** The same with other steps. */
    public DecodingPlan withSteps(int other) {
        return new DecodingPlan(method, batch, prompt, length, block, other);
    }

    /** Tokens that are generated in all sequences. */
    public long tokens() {
        return (long) batch * length;
    }

    /**
     * All passes in their order. Of each token that may be committed the logits are taken, and no others.
     */
    public List<Phase> phases() {
        List<Phase> phases = new ArrayList<>();
        int whole = prompt + length;
        int inner = steps / blocks();
        switch (method) {
            case AUTOREGRESSIVE -> {
                // The prompt's last token gives the first new one, and the last one is never read.
                phases.add(new Phase(1, new Pass(batch, prompt, prompt, 1, 1)));
                for (int i = 1; i < length; i++) {
                    phases.add(new Phase(1, Pass.cached(batch, 1, prompt + i).withLogits(1)));
                }
            }
            case FULL -> phases.add(new Phase(steps, Pass.full(batch, whole).withLogits(block)));
            case GROWING -> {
                for (int end = prompt + block; end <= whole; end += block) {
                    phases.add(new Phase(inner, Pass.full(batch, end).withLogits(block)));
                }
            }
            case BLOCK -> {
                phases.add(new Phase(1, new Pass(batch, prompt, prompt, block, 0)));
                for (int end = prompt + block; end <= whole; end += block) {
                    phases.add(new Phase(inner, Pass.cached(batch, block, end).withLogits(block)));
                    // A complete block goes through once more: its keys and values were those of masks.
                    if (end < whole) {
                        phases.add(new Phase(1, Pass.cached(batch, block, end)));
                    }
                }
            }
            case PREFIX_CACHE, DUAL_CACHE -> {
                phases.add(new Phase(blocks(), Pass.full(batch, whole).withLogits(block)));
                for (int start = prompt; start < whole && inner > 1; start += block) {
                    int queries = method == DecodingMethod.DUAL_CACHE ? block : whole - start;
                    phases.add(new Phase(inner - 1, Pass.cached(batch, queries, whole).withLogits(block)));
                }
            }
        }
        return phases;
    }
}
