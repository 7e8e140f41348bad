package dev.ricci.models.weights.gguf;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Decoders of Llama's family under the names and with the metadata that GGUF files of the architecture llama have. */
public final class GgufConverter {
    private static final Pattern IN_LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)\\.weight");
    private static final Map<String, String> NAMES = Map.of(
            "input_layernorm", "attn_norm", "self_attn.q_proj", "attn_q", "self_attn.k_proj", "attn_k",
            "self_attn.v_proj", "attn_v", "self_attn.o_proj", "attn_output", "post_attention_layernorm", "ffn_norm",
            "mlp.gate_proj", "ffn_gate", "mlp.down_proj", "ffn_down", "mlp.up_proj", "ffn_up");
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    private GgufConverter() {
    }

    /**
     * One piece of a vocabulary.
     *
     * @param text with the space as U+2581, bytes as {@code <0x0A>}
     * @param score the higher, the sooner a pair is joined to it
     */
    public record Piece(String text, float score) {
    }

    /**
     * A writer with a model's tensors and hyper-parameters, without a tokenizer.
     *
     * @param name of the model
     * @param config of Llama's family: RMS norms, rotary positions, gated SiLU, no biases
     * @param state the decoder's tensors by name, as {@code stateDict} gives them; matrices [out, in]
     * @param type of the matrices; see {@link GgufWriter#typeFor}
     * @param tokenizer metadata of the vocabulary, such as {@link #sentencePiece} gives; empty for none
     * @throws TensorException if the model is of another family, or a tensor has no name in such files
     */
    public static GgufWriter llama(String name, DecoderConfig config, Map<String, Tensor> state, GgufType type,
            GgufMetadata tokenizer) {
        DecoderConfig.Attention a = config.attention();
        boolean interleaved = config.positions().kind() == DecoderConfig.Positions.Kind.ROTARY_INTERLEAVED;
        DecoderConfig plain = DecoderConfig.llama(config.vocabSize(), config.contextLength(), config.layers(), a.heads(),
                a.kvHeads(), a.heads() * a.headWidth(), config.mlp().hidden());
        if (!a.equals(plain.attention()) || !config.mlp().equals(plain.mlp())
                || !config.norm().equals(DecoderConfig.Norm.rms(config.norm().eps())) || !config.positions().isRotary()
                || !config.positions().scaling().equals(plain.positions().scaling()) || config.embeddingScale() != 1
                || config.logitCap() != 0) {
            throw new TensorException("gguf: only decoders of Llama's family are written (RMS norm, rotary positions,"
                    + " gated SiLU, no biases, no window, no scaling), got " + config);
        }
        GgufMetadata metadata = hyperParameters(name, config, type);
        for (Map.Entry<String, GgufValue> e : tokenizer.values().entrySet()) {
            metadata = metadata.with(e.getKey(), e.getValue());
        }
        GgufWriter writer = new GgufWriter(metadata);
        state.forEach((path, tensor) -> {
            // Files of this architecture rotate the pairs (2i, 2i + 1) within each head.
            int heads = path.endsWith("q_proj.weight") ? a.heads()
                    : path.endsWith("k_proj.weight") ? a.kvHeads() : 0;
            Tensor t = heads == 0 || interleaved ? tensor : interleave(tensor, heads);
            writer.add(rename(path), GgufWriter.typeFor(type, t.shape()), t);
        });
        return writer;
    }

    private static GgufMetadata hyperParameters(String name, DecoderConfig c, GgufType type) {
        return GgufMetadata.empty()
                .with("general.architecture", GgufValue.of("llama"))
                .with("general.name", GgufValue.of(name))
                .with("general.file_type", GgufValue.of(fileType(type)))
                .with("general.quantization_version", GgufValue.of(2))
                .with("llama.vocab_size", GgufValue.of(c.vocabSize()))
                .with("llama.context_length", GgufValue.of(c.contextLength()))
                .with("llama.embedding_length", GgufValue.of(c.width()))
                .with("llama.block_count", GgufValue.of(c.layers()))
                .with("llama.feed_forward_length", GgufValue.of(c.mlp().hidden()))
                .with("llama.rope.dimension_count", GgufValue.of(c.positions().dims()))
                .with("llama.rope.freq_base", GgufValue.of((float) c.positions().theta()))
                .with("llama.attention.head_count", GgufValue.of(c.attention().heads()))
                .with("llama.attention.head_count_kv", GgufValue.of(c.attention().kvHeads()))
                .with("llama.attention.layer_norm_rms_epsilon", GgufValue.of((float) c.norm().eps()));
    }

    /** The number by which files say what most of their tensors are. */
    private static int fileType(GgufType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q5_1 -> 9;
            case Q4_K -> 14;
            case Q5_K -> 16;
            case Q6_K -> 18;
            case BF16 -> 32;
        };
    }

    private static String rename(String path) {
        String known = switch (path) {
            case "model.embed_tokens.weight" -> "token_embd.weight";
            case "model.norm.weight" -> "output_norm.weight";
            case "lm_head.weight" -> "output.weight";
            default -> null;
        };
        Matcher m = IN_LAYER.matcher(path);
        if (known == null && m.matches() && NAMES.containsKey(m.group(2))) {
            known = "blk." + m.group(1) + "." + NAMES.get(m.group(2)) + ".weight";
        }
        if (known == null) {
            throw new TensorException("gguf: a llama file has no name for the tensor '" + path + "'");
        }
        return known;
    }

    /** Rows (i, i + half) of each head become neighbours: [heads * D, in] to the same shape. */
    private static Tensor interleave(Tensor t, int heads) {
        int d = t.shape().dim(0) / heads;
        return t.reshape(heads, 2, d / 2, t.shape().dim(1)).transpose(1, 2).reshape(t.shape().dim(0), t.shape().dim(1));
    }

    /**
     * Metadata of a SentencePiece-style vocabulary with byte fallback, whose ids 0, 1 and 2 are unknown, BOS and EOS.
     *
     * @param pieces by id; those written {@code <0x00>} to {@code <0xFF>} are bytes
     */
    public static GgufMetadata sentencePiece(List<Piece> pieces) {
        float[] scores = new float[pieces.size()];
        long[] types = new long[pieces.size()];
        List<String> texts = new ArrayList<>();
        for (int id = 0; id < pieces.size(); id++) {
            Piece p = pieces.get(id);
            texts.add(p.text);
            scores[id] = p.score;
            types[id] = id == 0 ? UNKNOWN : id < 3 ? CONTROL : p.text.matches("<0x[0-9A-F]{2}>") ? BYTE : NORMAL;
        }
        return GgufMetadata.empty()
                .with("tokenizer.ggml.model", GgufValue.of("llama"))
                .with("tokenizer.ggml.tokens", GgufValue.strings(texts))
                .with("tokenizer.ggml.scores", GgufValue.floats(scores))
                .with("tokenizer.ggml.token_type", GgufValue.ints(types))
                .with("tokenizer.ggml.unknown_token_id", GgufValue.of(0))
                .with("tokenizer.ggml.bos_token_id", GgufValue.of(1))
                .with("tokenizer.ggml.eos_token_id", GgufValue.of(2))
                .with("tokenizer.ggml.add_bos_token", GgufValue.of(true));
    }
}
