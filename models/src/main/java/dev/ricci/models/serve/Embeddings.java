package dev.ricci.models.serve;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The endpoint of embeddings. */
final class Embeddings {
    private static final int MAX_TEXTS = 2048;

    private Embeddings() {
    }

    static Map<String, Object> answer(ServedModels models, Map<String, Object> json) {
        Fields f = new Fields(json, "");
        String name = OpenAiServer.find(models.embeddings(), models.languageModels(), f.text("model", null),
                "makes no embeddings");
        List<String> texts = texts(f);
        String format = f.text("encoding_format", "float");
        if (!format.equals("float") && !format.equals("base64")) {
            throw f.wrong("encoding_format", "must be float or base64, got '" + format + "'");
        }
        f.onlyNeutral("dimensions", false);
        f.ignore("user");
        f.end();
        EmbeddingFunction.Embeddings made = models.embeddings().get(name).embed(texts);
        List<Object> data = new ArrayList<>();
        for (int i = 0; i < made.vectors().size(); i++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("object", "embedding");
            entry.put("index", i);
            entry.put("embedding", format.equals("float") ? floats(made.vectors().get(i)) : base64(made.vectors().get(i)));
            data.add(entry);
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("object", "list");
        m.put("data", data);
        m.put("model", name);
        m.put("usage", Map.of("prompt_tokens", made.tokens(), "total_tokens", made.tokens()));
        return m;
    }

    private static List<String> texts(Fields f) {
        Object value = f.value("input");
        List<?> given = value instanceof List<?> l ? l : value == null ? List.of() : List.of(value);
        if (given.isEmpty() || given.size() > MAX_TEXTS || !given.stream().allMatch(String.class::isInstance)) {
            throw f.wrong("input", "must be a text, or an array of 1 .. " + MAX_TEXTS + " texts");
        }
        return given.stream().map(String.class::cast).toList();
    }

    private static List<Float> floats(float[] vector) {
        List<Float> all = new ArrayList<>(vector.length);
        for (float v : vector) {
            all.add(v);
        }
        return all;
    }

    /** Little-endian, as OpenAI's own client asks for them. */
    private static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
