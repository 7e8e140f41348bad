package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.Generator;
import dev.ricci.tensor.TensorException;

/** The usual way in which a model of either kind writes. */
final class Writer {
    private Writer() {
    }

    /** One token after the other, or by denoising. */
    static Generator of(Decoder model) {
        return model.config().diffusion().isPresent() ? new DiffusionGenerator(model) : new AutoregressiveGenerator(model);
    }

    /**
     * How many tokens a model writes if nobody says how many: a diffusion model no more than fit into its context, and whole
     * blocks.
     *
     * @param usual for a model that can write on and on
     * @throws TensorException if no block fits
     */
    static int tokens(Decoder model, int prompt, int usual) {
        return model.config().diffusion().map(d -> {
            int fits = Math.clamp(model.config().contextLength() - prompt, 0, usual);
            int whole = fits - fits % Math.max(1, d.block());
            if (whole == 0) {
                throw new TensorException("generate: a prompt of " + prompt + " tokens leaves no room for a block of "
                    + Math.max(1, d.block()) + " in the context of " + model.config().contextLength() + "; cut it");
            }
            return whole;
        }).orElse(usual);
    }
}
