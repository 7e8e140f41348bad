package dev.ricci.models.lora;

import dev.ricci.nn.Dropout;
import dev.ricci.nn.Forward;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Linear;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;

/**
 * What one linear layer gets added: s B A x (Hu et al. 2021, eq. 3). A [r, in] starts as a linear layer's weight does
 * (Kaiming uniform, as PEFT has it), B [out, r] with zeros, so that an adapter begins as no change at all.
 */
final class LoraLinear extends Layer implements Forward {
    private final double scale;
    private final Dropout dropout;
    private final Linear a;
    private final Linear b;

    LoraLinear(int in, int out, LoraConfig config, Rng rng) {
        scale = config.scale();
        dropout = new Dropout(config.dropout());
        a = child("lora_A", new Linear(in, config.rank(), false, rng));
        b = child("lora_B", new Linear(config.rank(), out, false, Initializers.zeros(), rng));
    }

    /** [..., in] to [..., out]. What applies an adapter at some tokens only multiplies this by a gate [..., 1]. */
    @Override
    public Tensor forward(Tensor x) {
        // The scale goes where the fewest numbers are.
        return b.forward(a.forward(dropout.forward(x)).mul(scale));
    }

    /** The matrix that it adds to the weight: s B A, [out, in]. */
    Tensor delta() {
        return b.weight().value().matmul(a.weight().value().mul(scale));
    }
}
