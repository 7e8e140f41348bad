package dev.ricci.models.decoder;

import dev.ricci.tensor.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The parameters of a {@link Decoder} without the decoder, so that a file can be compared before memory is taken. */
public final class DecoderShapes {
    private final DecoderConfig config;
    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    private DecoderShapes(DecoderConfig config) {
        this.config = config;
    }

    /**
     * The shape of each parameter by its path, in the decoder's order; a tied head is not there a second time.
     *
     * @throws dev.ricci.tensor.TensorException if no decoder is built of this
     */
    public static Map<String, Shape> of(DecoderConfig config) {
        DecoderBlock.checkBuildable(config.mlp());
        return new DecoderShapes(config).collect();
    }

    private Map<String, Shape> collect() {
        shapes.put("model.embed_tokens.weight", Shape.of(config.vocabSize(), config.width()));
        if (config.positions().kind() == DecoderConfig.Positions.Kind.LEARNED) {
            shapes.put("model.embed_positions.weight", Shape.of(config.contextLength(), config.width()));
        }
        for (int i = 0; i < config.layers(); i++) {
            block("model.layers." + i + ".");
        }
        norm("model.norm");
        if (!config.tiedHead()) {
            shapes.put("lm_head.weight", Shape.of(config.vocabSize(), config.width()));
        }
        return Collections.unmodifiableMap(shapes);
    }

    private void block(String path) {
        boolean sandwich = config.norm().sandwich();
        norm(path + "input_layernorm");
        attention(path + "self_attn.");
        if (sandwich) {
            norm(path + "post_attention_layernorm");
        }
        norm(path + (sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm"));
        DecoderConfig.Mlp m = config.mlp();
        if (m.gated()) {
            linear(path + "mlp.gate_proj", m.hidden(), config.width(), m.bias());
        }
        linear(path + (m.gated() ? "mlp.up_proj" : "mlp.fc_in"), m.hidden(), config.width(), m.bias());
        linear(path + (m.gated() ? "mlp.down_proj" : "mlp.fc_out"), config.width(), m.hidden(), m.bias());
        if (sandwich) {
            norm(path + "post_feedforward_layernorm");
        }
    }

    private void attention(String path) {
        DecoderConfig.Attention a = config.attention();
        int queries = a.heads() * a.headWidth();
        int keys = a.kvHeads() * a.headWidth();
        linear(path + "q_proj", queries, config.width(), a.qkvBias());
        linear(path + "k_proj", keys, config.width(), a.qkvBias());
        linear(path + "v_proj", keys, config.width(), a.qkvBias());
        linear(path + "o_proj", config.width(), queries, a.outBias());
        if (a.qkNorm() != DecoderConfig.QkNorm.NONE) {
            boolean whole = a.qkNorm() == DecoderConfig.QkNorm.WHOLE;
            shapes.put(path + "q_norm.weight", Shape.of(whole ? queries : a.headWidth()));
            shapes.put(path + "k_norm.weight", Shape.of(whole ? keys : a.headWidth()));
        }
    }

    private void linear(String path, int out, int in, boolean bias) {
        shapes.put(path + ".weight", Shape.of(out, in));
        if (bias) {
            shapes.put(path + ".bias", Shape.of(out));
        }
    }

    private void norm(String path) {
        shapes.put(path + ".weight", Shape.of(config.width()));
        if (config.norm().bias()) {
            shapes.put(path + ".bias", Shape.of(config.width()));
        }
    }
}
