package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionScoring;
import dev.ricci.models.diffusion.MaskedDiffusion;
import dev.ricci.models.diffusion.NoiseRange;
import dev.ricci.models.generation.Scoring;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a model learns. All have the same parameters: the id of the mask, the last of the vocabulary, is there for models from
 * left to right, too.
 *
 * @param name in reports
 * @param block tokens that are denoised together; 0 for all, {@link #CAUSAL} for models from left to right
 * @param clipped whether it is trained in the range of noise in which its loss varies least
 */
record Kind(String name, int block, boolean clipped) {
    private static final int CAUSAL = -1;
    /** From left to right. */
    static final Kind AR = new Kind("ar", CAUSAL, false);
    /** Masked diffusion of the whole text (Nie et al. 2025). */
    static final Kind LLADA = new Kind("llada", 0, false);
    /** All that are compared, in the order of their bounds if the papers are right. */
    static final List<Kind> ALL = List.of(AR, bd3(4), bd3(8), bd3(16), LLADA);

    /** Those whose bits a character are measured. */
    static final List<Kind> BITS = Stream.concat(ALL.stream(), Stream.of(bd3(4).withClippedNoise(), bd3(16).withClippedNoise()))
        .toList();

    /** Masked diffusion block by block (Arriola et al. 2025). */
    static Kind bd3(int block) {
        return new Kind("bd3-" + block, block, false);
    }

    /** The same, trained in a range of noise of its own (Arriola et al. 2025, section 5.3). */
    Kind withClippedNoise() {
        return new Kind(name + "-clipped", block, true);
    }

    boolean isCausal() {
        return block == CAUSAL;
    }

    /** A decoder's configuration for it. */
    DecoderConfig apply(DecoderConfig config) {
        return isCausal() ? config : config.with(new DecoderConfig.Diffusion(config.vocabSize() - 1, block));
    }

    /** The loss of a batch: of the next ids, or of those that are hidden. */
    Function<Batch, Tensor> loss(Decoder model, NoiseRange noise) {
        return isCausal() ? b -> model.loss(b.inputs(), b.targets()) : new MaskedDiffusion(model, noise)::loss;
    }

    /** Nats an id of a text, or a bound on it; the same ids behind the same beginnings for every kind. */
    double score(Decoder model, int[] ids, int window, long seed) {
        return isCausal() ? Scoring.meanLoss(model, ids, window - 1) : DiffusionScoring.meanLoss(model, ids, window, seed);
    }
}
