package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionData;
import dev.ricci.models.diffusion.DiffusionScoring;
import dev.ricci.models.diffusion.MaskedDiffusion;
import dev.ricci.models.diffusion.Noise;
import dev.ricci.models.generation.Scoring;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;

/** What a language model of {@code ricci train} learns to predict. */
enum Objective {
    /** The next token, from those before it. */
    AR,
    /** Masked tokens, from all others (LLaDA). */
    LLADA,
    /** Masked tokens of a block, from the others in it and all blocks before (BD3). */
    BD3;

    /** How often a batch is cut to a random length (Nie et al. 2025, section 2.2). */
    private static final double SHORTER = 0.01;
    /** Of the masks of a validation, so that it is the same each time. */
    private static final long VALIDATION_SEED = 1;

    static Objective of(String name) {
        return Arrays.stream(values()).filter(o -> o.name().toLowerCase(Locale.ROOT).equals(name)).findFirst()
            .orElseThrow(() -> new TensorException("--objective: unknown '" + name + "'; one of ar, llada, bd3"));
    }

    /** What a model was made for. */
    static Objective of(Decoder model) {
        return model.config().diffusion().map(d -> d.block() == 0 ? LLADA : BD3).orElse(AR);
    }

    /** Ids that the model has beside those of its vocabulary: the mask, which comes last. */
    int extraIds() {
        return this == AR ? 0 : 1;
    }

    /** A decoder's configuration for it. */
    DecoderConfig apply(DecoderConfig c, int block) {
        if (this == AR) {
            return c;
        }
        if (this == BD3 && (block < 1 || c.contextLength() % block != 0)) {
            throw new TensorException("--block: " + block + " must divide the --context of " + c.contextLength());
        }
        return c.with(new DecoderConfig.Diffusion(c.vocabSize() - 1, this == BD3 ? block : 0));
    }

    /** Windows of a text as it needs them. */
    Dataset data(Dataset windows) {
        return this == AR ? windows : DiffusionData.windows(windows, this == LLADA ? SHORTER : 0, 1);
    }

    /** The loss of a batch. */
    Function<Batch, Tensor> loss(Decoder model, Noise noise) {
        return this == AR ? b -> model.loss(b.inputs(), b.targets()) : new MaskedDiffusion(model, noise)::loss;
    }

    /** The loss a token of a text that was kept for validation; a bound on it where tokens are masked. */
    double validate(Decoder model, int[] ids, int context) {
        return this == AR ? Scoring.meanLoss(model, ids, context)
            : DiffusionScoring.meanLoss(model, ids, context, VALIDATION_SEED);
    }
}
