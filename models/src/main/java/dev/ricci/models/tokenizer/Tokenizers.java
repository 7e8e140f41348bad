package dev.ricci.models.tokenizer;

import dev.ricci.tensor.TensorException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/** Tokenizers by name and as JSON values, for command lines and the files of models. */
public final class Tokenizers {
    private Tokenizers() {
    }

    /**
     * A tokenizer that is made from a training text.
     *
     * @param kind {@code char}, {@code byte} or {@code bpe}
     * @param vocabSize the most tokens that {@code bpe} learns; the others have what the text or the byte has
     * @throws TensorException if there is no such kind, or {@code bpe} cannot have so few tokens
     */
    public static Tokenizer train(String kind, int vocabSize, String text) {
        return switch (kind) {
            case "char" -> CharTokenizer.of(text);
            case "byte" -> new ByteTokenizer();
            case "bpe" -> BpeTrainer.of(vocabSize).train(text);
            default -> throw new TensorException("tokenizer: unknown kind '" + kind + "'; one of char, byte, bpe");
        };
    }

    /**
     * What a model's file keeps of its tokenizer.
     *
     * @throws TensorException if the tokenizer lives in a file of its own
     */
    public static Map<String, Object> toMap(Tokenizer tokenizer) {
        Map<String, Object> m = new LinkedHashMap<>();
        switch (tokenizer) {
            case CharTokenizer t -> {
                m.put("kind", "char");
                m.put("alphabet", t.alphabet());
            }
            case ByteTokenizer t -> m.put("kind", "byte");
            case Llama2cTokenizer t -> {
                m.put("kind", "llama2.c");
                m.put("file", Base64.getEncoder().encodeToString(t.toBytes()));
            }
            case PipelineTokenizer t when t.definition().isPresent() -> {
                m.put("kind", "tokenizer.json");
                m.put("definition", t.definition().get());
                t.bos().ifPresent(id -> m.put("bos", (long) id));
                t.eos().ifPresent(id -> m.put("eos", (long) id));
            }
            default -> throw new TensorException("tokenizer: " + tokenizer.getClass().getSimpleName()
                    + " is kept in a file of its own, not with the model");
        }
        return m;
    }

    /**
     * The tokenizer that {@link #toMap} described.
     *
     * @throws TensorException if the description is of no known kind
     */
    public static Tokenizer fromMap(Map<String, ?> m) {
        Object kind = m.get("kind");
        if ("char".equals(kind) && m.get("alphabet") instanceof String alphabet) {
            return CharTokenizer.of(alphabet);
        }
        if ("byte".equals(kind)) {
            return new ByteTokenizer();
        }
        if ("llama2.c".equals(kind) && m.get("file") instanceof String file) {
            try {
                return Llama2cTokenizer.read(Base64.getDecoder().decode(file), "of the model's file");
            } catch (IllegalArgumentException e) {
                throw new TensorException("tokenizer: of the model's file: not base64: " + e.getMessage(), e);
            }
        }
        if ("tokenizer.json".equals(kind) && m.get("definition") instanceof Map<?, ?> definition) {
            Map<String, Object> json = new LinkedHashMap<>();
            definition.forEach((key, value) -> json.put((String) key, value));
            PipelineTokenizer t = TokenizerJson.defined(json, "of the model's file");
            return t.with(special(m, "bos", t, t.bos()), special(m, "eos", t, t.eos()));
        }
        throw new TensorException("tokenizer: the model's file describes an unknown kind, " + m);
    }

    private static OptionalInt special(Map<String, ?> m, String key, PipelineTokenizer t, OptionalInt otherwise) {
        if (m.get(key) == null) {
            return otherwise;
        }
        if (m.get(key) instanceof Long id && id >= 0 && id < t.vocabSize()) {
            return OptionalInt.of(id.intValue());
        }
        throw new TensorException("tokenizer: of the model's file: '" + key + "' must be an id of the vocabulary, got "
                + m.get(key));
    }
}
