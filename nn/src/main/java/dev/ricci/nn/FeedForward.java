package dev.ricci.nn;

import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;

/**
 * The feed-forward part of a transformer block, on each token alone: [B, T, C] to [B, T, C]. Plain (Vaswani et al. 2017,
 * eq. 2): fc_out(activation(fc_in(x))). Gated (Shazeer 2020, eq. 5 and 6; with SiLU it is SwiGLU):
 * down_proj(activation(gate_proj(x)) * up_proj(x)).
 *
 * <p>Children {@code fc_in} and {@code fc_out}, or {@code gate_proj}, {@code up_proj} and {@code down_proj}.
 */
public final class FeedForward extends Layer implements Forward {
    /**
     * What it is made of.
     *
     * @param width C
     * @param hidden width in between
     * @param activation in between
     * @param gated whether the activation gates a second projection
     * @param bias whether the projections have one
     */
    public record Config(int width, int hidden, Activation activation, boolean gated, boolean bias) {
        /** Checks the sizes. */
        public Config {
            Check.positive("feed_forward", "width", width);
            Check.positive("feed_forward", "hidden", hidden);
        }

        /** Plain GELU with biases, as BERT has it. */
        public static Config gelu(int width, int hidden) {
            return new Config(width, hidden, Activation.GELU, false, true);
        }

        /** Plain GELU by the tanh approximation with biases, as GPT-2 has it. */
        public static Config geluTanh(int width, int hidden) {
            return new Config(width, hidden, Activation.GELU_TANH, false, true);
        }

        /** Gated SiLU without biases, as Llama has it. */
        public static Config swiglu(int width, int hidden) {
            return new Config(width, hidden, Activation.SILU, true, false);
        }

        /** The same with or without biases. */
        public Config withBias(boolean bias) {
            return new Config(width, hidden, activation, gated, bias);
        }
    }

    private final Activation activation;
    private final Linear gate;
    private final Linear in;
    private final Linear out;

    /** As configured. */
    public FeedForward(Config config, Rng rng) {
        this.activation = config.activation;
        String inName = config.gated ? "up_proj" : "fc_in";
        String outName = config.gated ? "down_proj" : "fc_out";
        this.gate = config.gated ? child("gate_proj",
                new Linear(config.width, config.hidden, config.bias, rng.split("gate_proj"))) : null;
        this.in = child(inName, new Linear(config.width, config.hidden, config.bias, rng.split(inName)));
        this.out = child(outName, new Linear(config.hidden, config.width, config.bias, rng.split(outName)));
    }

    /** [..., C] to [..., C]. */
    @Override
    public Tensor forward(Tensor x) {
        Tensor hidden = gate == null ? activation.forward(in.forward(x))
                : activation.gate(gate.forward(x), in.forward(x));
        return out.forward(hidden);
    }
}
