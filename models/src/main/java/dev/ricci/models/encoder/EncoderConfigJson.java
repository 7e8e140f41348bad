package dev.ricci.models.encoder;

import dev.ricci.models.architecture.ActivationNames;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * {@code config.json} of BERT's family. A key that is not known is refused by name: ignoring it could change what the
 * model computes.
 */
final class EncoderConfigJson {
    private static final Set<String> ROBERTA = Set.of("roberta", "xlm-roberta", "camembert");
    /** What the mathematics do not depend on: training, heads for tasks, names, memory. */
    private static final Set<String> HARMLESS = Set.of("_name_or_path", "architectures", "attention_probs_dropout_prob",
            "attn_implementation", "_attn_implementation_autoset", "bos_token_id", "chunk_size_feed_forward",
            "classifier_dropout", "directionality", "dtype", "eos_token_id", "finetuning_task", "gradient_checkpointing",
            "id2label", "initializer_range", "label2id", "num_labels", "output_attentions", "output_hidden_states",
            "output_past", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
            "pooler_size_per_head", "pooler_type", "problem_type", "return_dict", "sep_token_id", "cls_token_id",
            "tie_word_embeddings", "torch_dtype", "torchscript", "transformers_version", "use_cache");

    private EncoderConfigJson() {
    }

    /**
     * The configuration in such a file, with a pooler.
     *
     * @throws FormatException naming the key, if one is missing, unknown, of the wrong kind, or asks for what is not here
     */
    static EncoderConfig read(Map<String, ?> values, String source) {
        try {
            return read(JsonObject.ofAll(values, source, "change what the model computes"));
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
    }

    private static EncoderConfig read(JsonObject k) {
        String type = k.text("model_type", "unnamed");
        boolean roberta = ROBERTA.contains(type);
        if (!roberta && !type.equals("bert")) {
            throw k.error("model_type '" + type + "' is no encoder that is supported; supported are bert, roberta,"
                    + " xlm-roberta, camembert");
        }
        k.only("position_embedding_type", "absolute");
        k.only("is_decoder", false);
        k.only("add_cross_attention", false);
        k.only("pruned_heads", Map.of());
        // Positions of RoBERTa count from behind the padding's id (fairseq's make_positions).
        int padding = k.has("pad_token_id") ? k.index("pad_token_id") : 1;
        EncoderConfig config = new EncoderConfig(k.index("vocab_size"), k.index("max_position_embeddings"),
                roberta ? padding + 1 : 0, k.index("type_vocab_size"), k.index("num_hidden_layers"),
                k.index("num_attention_heads"), k.index("hidden_size"), k.index("intermediate_size"),
                ActivationNames.read(k, "hidden_act"), k.number("layer_norm_eps", 1e-12),
                k.number("hidden_dropout_prob", 0), true);
        k.ignore(HARMLESS);
        k.end();
        return config;
    }

    /** The file's content for a configuration. */
    static Map<String, Object> write(EncoderConfig c) {
        Map<String, Object> m = new LinkedHashMap<>();
        boolean bert = c.firstPosition() == 0;
        m.put("model_type", bert ? "bert" : "xlm-roberta");
        m.put("architectures", List.of(bert ? "BertModel" : "XLMRobertaModel"));
        m.put("vocab_size", (long) c.vocabSize());
        m.put("max_position_embeddings", (long) c.positions());
        m.put("type_vocab_size", (long) c.types());
        m.put("num_hidden_layers", (long) c.layers());
        m.put("num_attention_heads", (long) c.heads());
        m.put("hidden_size", (long) c.width());
        m.put("intermediate_size", (long) c.hidden());
        m.put("hidden_act", ActivationNames.of(c.activation()).orElseThrow(() -> new TensorException(
                "encoder: config.json has no name for the activation " + c.activation())));
        m.put("layer_norm_eps", c.normEps());
        m.put("hidden_dropout_prob", c.dropout());
        m.put("attention_probs_dropout_prob", 0.0);
        m.put("pad_token_id", (long) Math.max(0, c.firstPosition() - 1));
        m.put("position_embedding_type", "absolute");
        return m;
    }
}
