package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.encoder.Encoder;
import dev.ricci.models.encoder.EncoderConfig;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {
    @TempDir
    Path folder;

    @BeforeEach
    void model() throws IOException {
        Encoder encoder = new Encoder(new EncoderConfig(8, 16, 0, 2, 1, 2, 8, 16, Activation.GELU, 1e-12, 0, false),
            Rng.of(1));
        WeightFolder.save(folder, encoder.stateDict(), encoder.configJson());
        Map<String, Object> vocab = new LinkedHashMap<>();
        for (String token : List.of("[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "##er", "car")) {
            vocab.put(token, vocab.size());
        }
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(Map.of(
            "normalizer", Map.of("type", "BertNormalizer"), "pre_tokenizer", Map.of("type", "BertPreTokenizer"),
            "post_processor", Map.of("type", "BertProcessing", "cls", List.of("[CLS]", 1), "sep", List.of("[SEP]", 2)),
            "model", Map.of("type", "WordPiece", "unk_token", "[UNK]", "vocab", vocab))));
    }

    @Test
    void embedsTextsAndLinesOfAFile() throws IOException {
        Path lines = Files.writeString(folder.resolve("lines.txt"), "green\nred car\n");
        Path npy = folder.resolve("out.npy");
        CommandLineRun run = CommandLineRun.of("embed", folder.toString(), "red car", "bluer", "--input", lines.toString(),
            "--json");
        assertEquals(0, run.code(), run.err());
        List<?> rows = (List<?>) run.json().get("embeddings");
        assertEquals(4, rows.size());
        assertEquals(8, ((List<?>) rows.getFirst()).size());
        assertEquals(rows.get(0), rows.get(3), "the same text");
        assertEquals(1, ((List<?>) rows.get(1)).stream().mapToDouble(x -> ((Number) x).doubleValue()).map(x -> x * x).sum(),
            1e-5);
        CommandLineRun written = CommandLineRun.of("embed", folder.toString(), "red car", "--npy", npy.toString());
        assertEquals(0, written.code(), written.err());
        assertTrue(written.out().contains("1 embeddings of 8 numbers"), written.out());
        double[] first = ((List<?>) rows.getFirst()).stream().mapToDouble(x -> ((Number) x).doubleValue()).toArray();
        assertArrayEquals(first, Npy.load(npy).select(0, 0).toDoubleArray(), 1e-7);
    }

    @Test
    void ranksByLikenessToAQuery() {
        CommandLineRun run = CommandLineRun.of("embed", folder.toString(), "green", "red car", "blue", "--query", "red car",
            "--json");
        assertEquals(0, run.code(), run.err());
        List<?> ranking = (List<?>) run.json().get("ranking");
        assertEquals(3, ranking.size());
        Map<?, ?> best = (Map<?, ?>) ranking.getFirst();
        assertEquals("red car", best.get("text"));
        assertEquals(1, ((Number) best.get("cosine")).doubleValue(), 1e-6);
    }

    @Test
    void nothingToEmbedIsBadUsage() {
        assertEquals(2, CommandLineRun.of("embed", folder.toString()).code());
        CommandLineRun missing = CommandLineRun.of("embed", folder.resolve("none").toString(), "a");
        assertEquals(1, missing.code());
        assertTrue(missing.err().contains("none"), missing.err());
    }
}
