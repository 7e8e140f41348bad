package dev.ricci.bench.peers;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Positions.Kind;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.TensorException;
import java.util.List;

/**
 * A decoder in the text of TorchScript.
 *
 * @param config its shape
 * @param names of the weights, in the order of the list p
 */
record TorchModelText(DecoderConfig config, List<String> names) {
    private static final String FUSED = "y = torch.scaled_dot_product_attention(q, k, v, None, 0., True)\n";

    private String weight(String name) {
        int i = names.indexOf(name);
        if (i < 0) {
            throw new TensorException("torch: the model has no '" + name + "', only " + names);
        }
        return "p[" + i + "]";
    }

    private String weightOrNone(String name) {
        return names.contains(name) ? weight(name) : "None";
    }

    private String linear(String x, String path) {
        return "torch.linear(" + x + ", " + weight(path + ".weight") + ", " + weightOrNone(path + ".bias") + ")";
    }

    private String norm(String x, String path) {
        String w = weight(path + ".weight");
        return switch (config.norm().kind()) {
            case LAYER -> "torch.layer_norm(%s, [%d], %s, %s, %s, False)".formatted(x, config.width(), w,
                    weightOrNone(path + ".bias"), config.norm().eps());
            case RMS -> ("torch.mul(torch.mul(%1$s, torch.rsqrt(torch.add(torch.mean(torch.mul(%1$s, %1$s), [-1],"
                    + " True), %2$s))), %3$s)").formatted(x, config.norm().eps(), w);
            case RMS_FROM_ONE -> throw new TensorException("torch: no text for " + config.norm());
        };
    }

    /** [B, T, n D] to [B, n, T, D]. */
    private String heads(String projected, int count) {
        return "torch.transpose(torch.view(%s, [torch.size(ids, 0), torch.size(ids, 1), %d, %d]), 1, 2)".formatted(
                projected, count, config.attention().headWidth());
    }

    private String activation(String x) {
        return switch (config.mlp().activation()) {
            case Activation.GELU_TANH -> "torch.gelu(" + x + ", approximate=\"tanh\")";
            case Activation.GELU -> "torch.gelu(" + x + ")";
            case Activation.SILU -> "torch.silu(" + x + ")";
            default -> throw new TensorException("torch: no text for " + config.mlp().activation());
        };
    }

    /** The mean cross-entropy of ids and targets [B, T]; arguments ids, targets, p, and t with rotary positions. */
    String loss(boolean fusedAttention) {
        StringBuilder s = new StringBuilder();
        line(s, "x = torch.embedding(%s, ids)", weight("model.embed_tokens.weight"));
        if (config.positions().kind() == Kind.LEARNED) {
            line(s, "x = torch.add(x, torch.slice(%s, 0, 0, torch.size(ids, 1)))",
                    weight("model.embed_positions.weight"));
        }
        for (int i = 0; i < config.layers(); i++) {
            block(s, "model.layers." + i, fusedAttention ? FUSED : elementaryAttention());
        }
        head(s);
        line(s, "return torch.cross_entropy_loss(torch.flatten(x, 0, 1), torch.flatten(targets))");
        return s.toString();
    }

    /**
     * The logits [1, 1, V] of one more token, ids [1, 1], behind {@code position} others whose keys and values the
     * caches kc and vc hold, a tensor [1, H, context, D] for each layer, to which it adds its own; arguments ids, p,
     * kc, vc.
     */
    String nextLogits(int position) {
        if (config.positions().kind() != Kind.LEARNED || config.attention().kvHeads() != config.attention().heads()) {
            throw new TensorException("torch: no text for decoding with " + config);
        }
        StringBuilder s = new StringBuilder();
        line(s, "x = torch.embedding(%s, ids)", weight("model.embed_tokens.weight"));
        line(s, "x = torch.add(x, torch.slice(%s, 0, %d, %d))", weight("model.embed_positions.weight"), position,
                position + 1);
        for (int i = 0; i < config.layers(); i++) {
            block(s, "model.layers." + i, """
                    _k = torch.copy_(torch.slice(kc[%1$d], 2, %2$d, %3$d), k)
                    _v = torch.copy_(torch.slice(vc[%1$d], 2, %2$d, %3$d), v)
                    k = torch.slice(kc[%1$d], 2, 0, %3$d)
                    v = torch.slice(vc[%1$d], 2, 0, %3$d)
                    y = torch.scaled_dot_product_attention(q, k, v)
                    """.formatted(i, position, position + 1));
        }
        head(s);
        line(s, "return x");
        return s.toString();
    }

    private void head(StringBuilder s) {
        line(s, "x = %s", norm("x", "model.norm"));
        line(s, "x = torch.linear(x, %s)",
                weight(config.tiedHead() ? "model.embed_tokens.weight" : "lm_head.weight"));
    }

    private String elementaryAttention() {
        return """
                a = torch.mul(torch.matmul(q, torch.transpose(k, 2, 3)), %s)
                unseen = torch.triu(torch.ones_like(a), 1)
                a = torch.softmax(torch.masked_fill(a, torch.gt(unseen, 0), -inf), -1)
                y = torch.matmul(a, v)
                """.formatted(1 / Math.sqrt(config.attention().headWidth()));
    }

    /** Attention: lines that make y of q, k and v, each [B, H, T, D]. */
    private void block(StringBuilder s, String path, String attentionLines) {
        String attention = path + ".self_attn";
        line(s, "h = %s", norm("x", path + ".input_layernorm"));
        line(s, "q = %s", heads(linear("h", attention + ".q_proj"), config.attention().heads()));
        line(s, "k = %s", heads(linear("h", attention + ".k_proj"), config.attention().kvHeads()));
        line(s, "v = %s", heads(linear("h", attention + ".v_proj"), config.attention().kvHeads()));
        if (config.positions().kind() == Kind.ROTARY_HALF) {
            rotate(s, "q");
            rotate(s, "k");
        }
        if (config.attention().kvHeads() != config.attention().heads()) {
            int copies = config.attention().heads() / config.attention().kvHeads();
            line(s, "k = torch.repeat_interleave(k, %d, 1)", copies);
            line(s, "v = torch.repeat_interleave(v, %d, 1)", copies);
        }
        s.append(attentionLines);
        line(s, "y = torch.flatten(torch.transpose(y, 1, 2), 2)");
        line(s, "x = torch.add(x, %s)", linear("y", attention + ".o_proj"));
        line(s, "h = %s", norm("x", path + ".post_attention_layernorm"));
        if (config.mlp().gated()) {
            line(s, "u = torch.mul(%s, %s)", activation(linear("h", path + ".mlp.gate_proj")),
                    linear("h", path + ".mlp.up_proj"));
            line(s, "x = torch.add(x, %s)", linear("u", path + ".mlp.down_proj"));
        } else {
            line(s, "u = %s", activation(linear("h", path + ".mlp.fc_in")));
            line(s, "x = torch.add(x, %s)", linear("u", path + ".mlp.fc_out"));
        }
    }

    /** Su et al. 2021, eq. 34, on halves: (a, b) becomes (a cos - b sin, b cos + a sin). */
    private static void rotate(StringBuilder s, String x) {
        line(s, "a, b = torch.chunk(%s, 2, -1)", x);
        line(s, "%s = torch.cat([torch.sub(torch.mul(a, t[0]), torch.mul(b, t[1])),"
                + " torch.add(torch.mul(b, t[0]), torch.mul(a, t[1]))], -1)", x);
    }

    /** Adds a line. */
    static void line(StringBuilder s, String format, Object... arguments) {
        s.append(format.formatted(arguments)).append('\n');
    }
}
