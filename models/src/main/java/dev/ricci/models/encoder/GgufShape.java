package dev.ricci.models.encoder;

import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.FormatException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The configuration and the names of an encoder in a GGUF file of the architecture {@code bert}, as llama.cpp has them. */
final class GgufShape {
    private static final String PREFIX = "bert.";
    private static final Set<String> KNOWN = Set.of("block_count", "context_length", "embedding_length",
            "feed_forward_length", "attention.head_count", "attention.layer_norm_epsilon", "attention.causal",
            "pooling_type", "vocab_size");
    private static final Map<String, String> NAMES = Map.of("token_embd", "embeddings.word_embeddings",
            "position_embd", "embeddings.position_embeddings", "token_types", "embeddings.token_type_embeddings",
            "token_embd_norm", "embeddings.LayerNorm");
    private static final Map<String, String> PARTS = Map.of("attn_q", "attention.self.query",
            "attn_k", "attention.self.key", "attn_v", "attention.self.value", "attn_output", "attention.output.dense",
            "attn_output_norm", "attention.output.LayerNorm", "ffn_up", "intermediate.dense", "ffn_down", "output.dense",
            "layer_output_norm", "output.LayerNorm");
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");

    private GgufShape() {
    }

    /** The name in {@link Encoder} of a tensor; its own, if it is none of an encoder's. */
    static String ours(String name) {
        Matcher m = BLOCK.matcher(name);
        if (m.matches() && PARTS.containsKey(m.group(2))) {
            return "encoder.layer." + m.group(1) + "." + PARTS.get(m.group(2)) + "." + m.group(3);
        }
        int dot = name.lastIndexOf('.');
        String layer = dot < 0 ? null : NAMES.get(name.substring(0, dot));
        return layer == null ? name : layer + name.substring(dot);
    }

    /**
     * The configuration, with a pooler.
     *
     * @throws FormatException if the file is of another architecture, lacks a key, or has one that is not known
     */
    static EncoderConfig of(GgufFile file, String source) {
        GgufMetadata m = file.metadata();
        String architecture = m.string("general.architecture").orElse("none");
        if (!architecture.equals("bert")) {
            throw new FormatException(source + ": the architecture '" + architecture + "' is no encoder that is supported;"
                    + " supported is bert");
        }
        m.values().keySet().stream().filter(key -> key.startsWith(PREFIX) && !KNOWN.contains(key.substring(PREFIX.length())))
                .findFirst().ifPresent(key -> {
                    throw new FormatException(source + ": unknown key '" + key
                            + "'; ignoring it could change what the model computes");
                });
        if (m.truth(PREFIX + "attention.causal").orElse(false)) {
            throw new FormatException(source + ": '" + PREFIX + "attention.causal' is true; an encoder sees both ways");
        }
        return new EncoderConfig(rows(file, "token_embd.weight"), rows(file, "position_embd.weight"), 0,
                rows(file, "token_types.weight"), integer(m, "block_count", source),
                integer(m, "attention.head_count", source), integer(m, "embedding_length", source),
                integer(m, "feed_forward_length", source), Activation.GELU,
                shortest(m.number(PREFIX + "attention.layer_norm_epsilon").orElse(1e-12)), 0, true);
    }

    /** A float was a decimal number once. */
    private static double shortest(double value) {
        return Double.parseDouble(Float.toString((float) value));
    }

    /**
     * How the file says that hidden states become one vector; the mean if it does not.
     *
     * @throws FormatException if it is another way
     */
    static Pooling pooling(GgufFile file, String source) {
        long type = file.metadata().integer(PREFIX + "pooling_type").orElse(1);
        if (type != 1 && type != 2) {
            throw new FormatException(source + ": '" + PREFIX + "pooling_type' " + type
                    + " is not supported; supported are 1, the mean, and 2, the first token");
        }
        return type == 1 ? Pooling.MEAN : Pooling.CLS;
    }

    private static int rows(GgufFile file, String name) {
        return file.spec(name).shape().dim(0);
    }

    private static int integer(GgufMetadata m, String key, String source) {
        long n = m.integer(PREFIX + key).orElse(-1);
        if (n < 1 || n > Integer.MAX_VALUE) {
            throw new FormatException(source + ": '" + PREFIX + key + "' must be a positive number, is "
                    + (n == -1 ? "missing" : Long.toString(n)));
        }
        return (int) n;
    }
}
