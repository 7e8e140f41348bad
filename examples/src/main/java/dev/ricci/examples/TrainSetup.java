package dev.ricci.examples;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;
import java.util.Locale;

/** What the hyper-parameters of a {@link TrainPreset} mean. */
final class TrainSetup {
    private TrainSetup() {
    }

    static DecoderConfig decoderConfig(TrainPreset p, int tokens) {
        Objective objective = p.prediction().kind();
        int vocabulary = tokens + objective.extraIds();
        boolean llama = switch (p.family()) {
            case "gpt2" -> false;
            case "llama" -> true;
            default -> throw new TensorException("--family: unknown '" + p.family() + "'; one of gpt2, llama");
        };
        DecoderConfig family = llama
            ? DecoderConfig.llama(vocabulary, p.context(), p.layers(), p.heads(), p.kvHeads(), p.width(), p.hidden())
            : DecoderConfig.gpt2(vocabulary, p.context(), p.layers(), p.heads(), p.width());
        DecoderConfig.Attention attention = DecoderConfig.Attention.of(p.heads(), p.kvHeads(), p.width() / p.heads());
        return objective.apply(family.with(attention).with(DecoderConfig.Mlp.of(p.hidden(), activation(p.activation()), llama))
            .withBias(p.bias()).withTiedHead(p.tiedHead()).withDropout(p.dropout()), p.prediction().block());
    }

    private static Activation activation(String name) {
        return switch (name) {
            case "relu", "gelu", "gelu_tanh", "silu" -> Activation.valueOf(name.toUpperCase(Locale.ROOT));
            default -> throw new TensorException("--activation: unknown '" + name
                + "'; one of relu, gelu, gelu_tanh, silu");
        };
    }
}
