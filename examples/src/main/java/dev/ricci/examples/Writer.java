package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.Generator;

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
     */
    static int tokens(Decoder model, int prompt, int usual) {
        return model.config().diffusion().map(d -> {
            int fits = Math.clamp(model.config().contextLength() - prompt, 0, usual);
            return fits - fits % Math.max(1, d.block());
        }).orElse(usual);
    }
}
