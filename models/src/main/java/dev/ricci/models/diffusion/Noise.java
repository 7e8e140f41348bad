package dev.ricci.models.diffusion;

import dev.ricci.tensor.Tensor;

/** How likely an id is hidden while training. */
public sealed interface Noise permits NoiseRange, SearchedNoise {
    /** The range of the probabilities now. */
    NoiseRange range();

    /** The probability for each amount of noise in [0, 1), of any shape; nothing is read on the host. */
    Tensor probabilities(Tensor amounts);
}
