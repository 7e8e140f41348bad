package dev.ricci.models.architecture;

import dev.ricci.nn.Activation;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.JsonObject;
import java.util.Optional;

/** The names by which a {@code config.json} calls activations. */
public final class ActivationNames {
    private ActivationNames() {
    }

    /**
     * The activation that a key names.
     *
     * @throws FormatException if it is not there, or no name that is known
     */
    public static Activation read(JsonObject config, String key) {
        return of(config, key, config.text(key));
    }

    /** The activation that a key names, or another where the key is absent. */
    static Activation read(JsonObject config, String key, String otherwise) {
        return of(config, key, config.text(key, otherwise));
    }

    private static Activation of(JsonObject config, String key, String name) {
        return switch (name) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            case "relu2" -> Activation.RELU_SQUARED;
            default -> throw config.wrong(key, "one of silu, gelu, gelu_new, gelu_pytorch_tanh, relu, relu2");
        };
    }

    /** The name to write; none for an activation that no published model has. */
    public static Optional<String> of(Activation activation) {
        return switch (activation) {
            case SILU -> Optional.of("silu");
            case GELU -> Optional.of("gelu");
            case GELU_TANH -> Optional.of("gelu_pytorch_tanh");
            case RELU -> Optional.of("relu");
            case RELU_SQUARED -> Optional.of("relu2");
            case IDENTITY, TANH, SIGMOID, SOFTPLUS -> Optional.empty();
        };
    }
}
