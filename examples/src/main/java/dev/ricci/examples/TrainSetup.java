package dev.ricci.examples;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;
import java.util.Locale;

/** What the hyper-parameters of a {@link TrainPreset} mean. */
final class TrainSetup {
    private static final double ROPE_THETA = 10_000;
    private static final double NORM_EPS = 1e-5;

    private TrainSetup() {
    }

    static DecoderConfig decoderConfig(TrainPreset p, int vocabulary) {
        boolean llama = switch (p.family()) {
            case "gpt2" -> false;
            case "llama" -> true;
            default -> throw new TensorException("--family: unknown '" + p.family() + "'; one of gpt2, llama");
        };
        return new DecoderConfig(vocabulary, p.context(), p.layers(), p.heads(), p.kvHeads(), p.width(), p.hidden(),
            llama ? DecoderConfig.Norm.RMS : DecoderConfig.Norm.LAYER, NORM_EPS,
            llama ? DecoderConfig.Position.ROTARY_HALF : DecoderConfig.Position.LEARNED, ROPE_THETA,
            activation(p.activation()), llama, p.bias(), p.tiedHead(), p.dropout(), 0);
    }

    private static Activation activation(String name) {
        return switch (name) {
            case "relu", "gelu", "gelu_tanh", "silu" -> Activation.valueOf(name.toUpperCase(Locale.ROOT));
            default -> throw new TensorException("--activation: unknown '" + name
                + "'; one of relu, gelu, gelu_tanh, silu");
        };
    }
}
