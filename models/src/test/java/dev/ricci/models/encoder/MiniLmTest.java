package dev.ricci.models.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import dev.ricci.models.tokenizer.EncoderInput;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** all-MiniLM-L6-v2 as it is published, beside ONNX Runtime. */
class MiniLmTest {
    private static final int TEXTS = 200;

    @TempDir
    static Path folder;
    private static Path onnx;
    private static SentenceEmbedder embedder;
    private static List<String> texts;

    @BeforeAll
    static void load() throws IOException {
        onnx = copy("all-minilm-l6-v2.onnx");
        copy("all-minilm-l6-v2-tokenizer.json");
        embedder = SentenceEmbedder.load(onnx);
        texts = texts();
    }

    private static Path copy(String resource) throws IOException {
        try (InputStream in = MiniLmTest.class.getResourceAsStream("/" + resource)) {
            Path file = folder.resolve(resource);
            Files.copy(in, file);
            return file;
        }
    }

    /** Lines of the project's documents, of 1 to some hundred tokens, one text beyond the model's maximum, and none at all. */
    private static List<String> texts() throws IOException {
        String readme = Files.readString(Path.of(System.getProperty("ricci.root"), "README.md"));
        String rules = Files.readString(Path.of(System.getProperty("ricci.root"), "CONTRIBUTING.md"));
        List<String> all = new ArrayList<>(List.of("Hello world", "", readme,
                "na\u00efve caf\u00e9 \u4e16\u754c \ud83d\ude00", "[MASK] [SEP]"));
        (rules + readme).lines().filter(line -> !line.isBlank()).limit(TEXTS - all.size()).forEach(all::add);
        assertEquals(TEXTS, all.size());
        return all;
    }

    @Test
    void shapeIsReadFromTheGraph() {
        assertEquals(new EncoderConfig(30522, 512, 0, 2, 6, 12, 384, 1536, Activation.GELU, 1e-12, 0, true),
                embedder.encoder().config());
        assertEquals(22_713_216, embedder.encoder().parameterCount());
        // Matrices are kept as stored, hence frozen.
        assertTrue(embedder.encoder().trainableParameters().keySet().stream()
                .allMatch(name -> name.contains("LayerNorm") || name.endsWith("bias")));
    }

    @Test
    void embeddingsEqualOnnxRuntimes() throws OrtException {
        float[][] ours = embedder.embed(texts);
        List<EncoderInput> inputs = texts.stream().map(t -> embedder.tokenizer().encoderInput(t, 512)).toList();
        assertArrayEquals(new int[] {101, 7592, 2088, 102}, inputs.getFirst().ids());
        // Padding is computed, too: the less of it the better.
        List<Integer> byLength = IntStream.range(0, TEXTS).boxed()
                .sorted(Comparator.comparingInt(i -> inputs.get(i).ids().length)).toList();
        double largest = 0;
        try (OnnxRuntimeOracle oracle = new OnnxRuntimeOracle(onnx)) {
            for (int from = 0; from < TEXTS; from += 8) {
                List<Integer> some = byLength.subList(from, from + 8);
                List<int[]> ids = some.stream().map(i -> inputs.get(i).ids()).toList();
                List<int[]> types = some.stream().map(i -> inputs.get(i).types()).toList();
                OnnxRuntimeOracle.Output theirs = oracle.run(ids, types);
                for (int i = 0; i < ids.size(); i++) {
                    double[] expected = normalizedMean(theirs.hidden()[i], ids.get(i).length);
                    for (int c = 0; c < expected.length; c++) {
                        largest = Math.max(largest, Math.abs(expected[c] - ours[some.get(i)][c]));
                    }
                }
            }
        }
        // Between -1 and 1, mostly near 0.05: float32 sums of 1,536 products in another order.
        assertTrue(largest <= 1e-5, "largest difference " + largest);
    }

    private static double[] normalizedMean(float[][] hidden, int length) {
        double[] mean = new double[hidden[0].length];
        double squares = 0;
        for (int c = 0; c < mean.length; c++) {
            for (int t = 0; t < length; t++) {
                mean[c] += hidden[t][c] / (double) length;
            }
            squares += mean[c] * mean[c];
        }
        for (int c = 0; c < mean.length; c++) {
            mean[c] /= Math.sqrt(squares);
        }
        return mean;
    }

    @Test
    void hiddenStatesAndPoolerEqualOnnxRuntimesForPairs() throws OrtException {
        Encoder encoder = embedder.encoder();
        List<EncoderInput> inputs = List.of(embedder.tokenizer().encoderInput("Hello world", 512),
                embedder.tokenizer().encoderInput("What is it?", "A pair of texts.", 512),
                embedder.tokenizer().encoderInput("A long question about something?", "No.", 8));
        assertArrayEquals(new int[] {0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}, inputs.get(1).types());
        assertEquals(8, inputs.get(2).ids().length);
        List<int[]> ids = inputs.stream().map(EncoderInput::ids).toList();
        List<int[]> types = inputs.stream().map(EncoderInput::types).toList();
        TokenBatch batch = TokenBatch.of(ids, types);
        Tensor hidden = NoGrad.call(() -> encoder.forward(batch));
        Tensor pooled = NoGrad.call(() -> encoder.pooled(hidden, batch));
        Tensor cls = NoGrad.call(() -> encoder.pool(hidden, batch, Pooling.CLS));
        try (OnnxRuntimeOracle oracle = new OnnxRuntimeOracle(onnx)) {
            OnnxRuntimeOracle.Output theirs = oracle.run(ids, types);
            assertEquals(0.1764443, theirs.hidden()[0][0][0], 1e-6);
            for (int i = 0; i < ids.size(); i++) {
                Tensor rows = batch.sequence(hidden, i);
                for (int t = 0; t < ids.get(i).length; t++) {
                    assertArrayEquals(theirs.hidden()[i][t], rows.select(0, t).toFloatArray(), 2e-5f);
                }
                assertArrayEquals(theirs.pooled()[i], pooled.select(0, i).toFloatArray(), 1e-5f);
                assertArrayEquals(rows.select(0, 0).toFloatArray(), cls.select(0, i).toFloatArray());
            }
        }
    }

    @Test
    void aTextHasTheSameBitsAloneAndInAnyBatchForAnyThreads() {
        List<String> some = texts.subList(0, 16);
        float[][] together = embedder.embed(some);
        float[][] reversed = embedder.embed(some.reversed());
        float[][] one = Threads.limit(1, () -> embedder.embed(some));
        for (int i = 0; i < some.size(); i++) {
            assertArrayEquals(together[i], embedder.embed(some.get(i)), "text " + i);
            assertArrayEquals(together[i], reversed[some.size() - 1 - i], "text " + i);
            assertArrayEquals(together[i], one[i], "text " + i);
        }
        assertEquals(0, embedder.embed(List.of()).length);
    }

    @Test
    void aSavedFolderGivesTheSameBits() throws IOException {
        Path saved = folder.resolve("saved");
        embedder.save(saved);
        SentenceEmbedder again = SentenceEmbedder.load(saved);
        assertEquals(embedder.options(), again.options());
        assertEquals(embedder.encoder().config(), again.encoder().config());
        List<String> some = texts.subList(0, 10);
        float[][] expected = embedder.embed(some);
        float[][] actual = again.embed(some);
        for (int i = 0; i < some.size(); i++) {
            assertArrayEquals(expected[i], actual[i]);
        }
        String modules = Files.readString(saved.resolve("modules.json"));
        for (String type : List.of("Transformer", "Pooling", "Normalize")) {
            assertTrue(modules.contains("sentence_transformers.models." + type), modules);
        }
        Files.writeString(saved.resolve("1_Pooling/config.json"), "{\"pooling_mode_max_tokens\": true}");
        assertRefused("pooling_mode_max_tokens", saved);
        Files.writeString(saved.resolve("1_Pooling/config.json"), "{\"pooling_mode_cls_token\": true}");
        Files.writeString(saved.resolve("sentence_bert_config.json"), "{\"max_seq_length\": 3}");
        SentenceEmbedder cls = SentenceEmbedder.load(saved);
        assertEquals(new SentenceEmbedder.Options(Pooling.CLS, true, 3), cls.options());
        assertEquals(3, cls.tokens("Hello world"));
        Files.writeString(saved.resolve("modules.json"), modules.replace("Normalize", "Dense"));
        assertRefused("Dense", saved);
        Files.writeString(saved.resolve("modules.json"), modules.replace("1_Pooling", "../elsewhere"));
        assertRefused("leads out of the folder", saved);
        Files.writeString(saved.resolve("modules.json"), modules);
        Files.writeString(saved.resolve("config_sentence_transformers.json"), "{\"default_prompt_name\": \"query\"}");
        assertRefused("default_prompt_name 'query'", saved);
    }

    private static void assertRefused(String says, Path path) {
        String message = assertThrows(FormatException.class, () -> SentenceEmbedder.load(path)).getMessage();
        assertTrue(message.contains(says), message);
    }

    @Test
    void likeTextsHaveLikeVectors() {
        float[] query = embedder.embed("How do I bake bread?");
        double near = SentenceEmbedder.cosine(query, embedder.embed("A recipe for a loaf: flour, water, yeast, salt."));
        double far = SentenceEmbedder.cosine(query, embedder.embed("The parliament voted on the budget."));
        assertTrue(near > 0.4 && far < 0.2, near + " and " + far);
    }
}
