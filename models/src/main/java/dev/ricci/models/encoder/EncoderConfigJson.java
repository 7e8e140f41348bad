package dev.ricci.models.encoder;

import dev.ricci.nn.Activation;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
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
    /** What the mathematics depend on. */
    private static final Set<String> READ = Set.of("model_type", "vocab_size", "max_position_embeddings", "type_vocab_size",
            "num_hidden_layers", "num_attention_heads", "hidden_size", "intermediate_size", "hidden_act", "layer_norm_eps",
            "hidden_dropout_prob", "pad_token_id", "position_embedding_type", "is_decoder", "add_cross_attention",
            "pruned_heads");
    /** What they do not: training, heads for tasks, names, memory. */
    private static final Set<String> HARMLESS = Set.of("_name_or_path", "architectures", "attention_probs_dropout_prob",
            "attn_implementation", "_attn_implementation_autoset", "bos_token_id", "chunk_size_feed_forward",
            "classifier_dropout", "directionality", "dtype", "eos_token_id", "finetuning_task", "gradient_checkpointing",
            "id2label", "initializer_range", "label2id", "num_labels", "output_attentions", "output_hidden_states",
            "output_past", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
            "pooler_size_per_head", "pooler_type", "problem_type", "return_dict", "sep_token_id", "cls_token_id",
            "tie_word_embeddings", "torch_dtype", "torchscript", "transformers_version", "use_cache");

    private final Map<String, ?> values;
    private final String source;

    private EncoderConfigJson(Map<String, ?> values, String source) {
        this.values = values;
        this.source = source;
    }

    /**
     * The configuration in such a file, with a pooler.
     *
     * @throws FormatException naming the key, if one is missing, unknown, of the wrong kind, or asks for what is not here
     */
    static EncoderConfig read(Map<String, ?> values, String source) {
        try {
            return new EncoderConfigJson(values, source).read();
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
    }

    private EncoderConfig read() {
        String type = values.get("model_type") instanceof String s ? s : "unnamed";
        boolean roberta = ROBERTA.contains(type);
        if (!roberta && !type.equals("bert")) {
            throw error("model_type '" + type + "' is no encoder that is supported; supported are bert, roberta,"
                    + " xlm-roberta, camembert");
        }
        values.keySet().stream().filter(key -> !READ.contains(key) && !HARMLESS.contains(key)).findFirst()
                .ifPresent(key -> {
                    throw error("unknown key '" + key + "'; ignoring it could change what the model computes");
                });
        refuse("position_embedding_type", "absolute");
        refuse("is_decoder", false);
        refuse("add_cross_attention", false);
        refuse("pruned_heads", Map.of());
        // Positions of RoBERTa count from behind the padding's id (fairseq's make_positions).
        int first = roberta ? values.get("pad_token_id") == null ? 2 : integer("pad_token_id") + 1 : 0;
        return new EncoderConfig(integer("vocab_size"), integer("max_position_embeddings"), first,
                integer("type_vocab_size"), integer("num_hidden_layers"), integer("num_attention_heads"),
                integer("hidden_size"), integer("intermediate_size"), activation(), number("layer_norm_eps", 1e-12),
                number("hidden_dropout_prob", 0), true);
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
        m.put("hidden_act", name(c.activation()));
        m.put("layer_norm_eps", c.normEps());
        m.put("hidden_dropout_prob", c.dropout());
        m.put("attention_probs_dropout_prob", 0.0);
        m.put("pad_token_id", (long) Math.max(0, c.firstPosition() - 1));
        m.put("position_embedding_type", "absolute");
        return m;
    }

    private Activation activation() {
        Object name = values.get("hidden_act");
        return switch (name instanceof String s ? s : "") {
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            case "silu", "swish" -> Activation.SILU;
            default -> throw error("hidden_act " + name + " is not supported; supported are gelu, gelu_new,"
                    + " gelu_pytorch_tanh, relu, silu");
        };
    }

    private static String name(Activation a) {
        return switch (a) {
            case GELU -> "gelu";
            case GELU_TANH -> "gelu_new";
            case RELU -> "relu";
            case SILU -> "silu";
            case IDENTITY, TANH, SIGMOID, SOFTPLUS, RELU_SQUARED -> throw new TensorException("encoder: config.json has no"
                    + " name for the activation " + a);
        };
    }

    private void refuse(String key, Object expected) {
        Object value = values.get(key);
        if (value != null && !value.equals(expected)) {
            throw error("'" + key + "' is " + value + "; supported is " + expected);
        }
    }

    private int integer(String key) {
        if (values.get(key) instanceof Long v && v >= 0 && v <= Integer.MAX_VALUE) {
            return v.intValue();
        }
        throw error("'" + key + "' must be a whole number, is " + values.get(key));
    }

    private double number(String key, double otherwise) {
        Object value = values.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number v) {
            return v.doubleValue();
        }
        throw error("'" + key + "' must be a number, is " + value);
    }

    private FormatException error(String what) {
        return new FormatException(source + ": " + what);
    }
}
