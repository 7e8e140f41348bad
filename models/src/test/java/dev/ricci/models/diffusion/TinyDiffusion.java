package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.tensor.Rng;

/** Small models for these tests: ids 0 .. 10, of which 10 is the mask, unless another is. */
final class TinyDiffusion {
    static final int VOCABULARY = 11;
    static final int MASK = 10;
    static final int CONTEXT = 24;

    private TinyDiffusion() {
    }

    static DecoderConfig config(int maskId, int block) {
        return DecoderConfig.llama(VOCABULARY, CONTEXT, 2, 4, 2, 16, 24).with(new Diffusion(maskId, block));
    }

    /** With weights larger than fresh ones, so that predictions differ. */
    static Decoder model(int block) {
        return model(config(MASK, block));
    }

    static Decoder model(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        model.parameters().forEach((path, p) -> {
            if (p.spec().shape().rank() == 2) {
                p.assign(p.snapshot().mul(path.contains("embed") ? 30 : 3));
            }
        });
        return model;
    }
}
