package dev.ricci.models.encoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.models.weights.gguf.GgufValueType;
import dev.ricci.models.weights.gguf.GgufWriter;
import dev.ricci.nn.Activation;
import dev.ricci.nn.Losses;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncoderTest {
    private static final EncoderConfig TINY = new EncoderConfig(11, 9, 0, 2, 2, 2, 8, 12, Activation.GELU, 1e-12, 0, true);
    private static final List<int[]> IDS = List.of(new int[] {1, 2, 3}, new int[] {4}, new int[] {5, 6, 7, 8, 9},
            new int[] {3, 2, 1}, new int[] {10, 0});

    private static Tensor hidden(Encoder e, List<int[]> ids, int which) {
        TokenBatch batch = TokenBatch.of(ids);
        return NoGrad.call(() -> batch.sequence(e.forward(batch), which)).contiguous();
    }

    @Test
    void namesAndCountsAreBerts() {
        Encoder e = new Encoder(TINY, Rng.of(1));
        List<String> names = List.copyOf(e.parameters().keySet());
        assertEquals(5 + 2 * 16 + 2, names.size());
        for (String name : List.of("embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
                "embeddings.token_type_embeddings.weight", "embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias",
                "encoder.layer.0.attention.self.query.weight", "encoder.layer.0.attention.self.key.bias",
                "encoder.layer.1.attention.self.value.weight", "encoder.layer.1.attention.output.dense.weight",
                "encoder.layer.1.attention.output.LayerNorm.bias", "encoder.layer.1.intermediate.dense.weight",
                "encoder.layer.1.output.dense.bias", "encoder.layer.1.output.LayerNorm.weight", "pooler.dense.weight",
                "pooler.dense.bias")) {
            assertTrue(names.contains(name), name);
        }
        // Of bert-base, published as 110 million: 109,482,240.
        long c = 768;
        long layer = 4 * (c * c + c) + 2 * 4 * c * c + 4 * c + c + 4 * c;
        assertEquals(109_482_240, (30522 + 512 + 2) * c + 2 * c + 12 * layer + c * c + c);
        EncoderConfig small = EncoderConfig.bert(100, 3, 2, 16);
        layer = 4 * (16 * 16 + 16) + 2 * 4 * 16 * 16 + 4 * 16 + 16 + 4 * 16;
        assertEquals((100 + 512 + 2) * 16 + 2 * 16 + 3 * layer + 16 * 16 + 16,
                new Encoder(small, Rng.of(1)).parameterCount());
    }

    @Test
    void aSequenceHasTheSameBitsInAnyBatch() {
        Encoder e = new Encoder(TINY, Rng.of(2));
        for (int i = 0; i < IDS.size(); i++) {
            Tensor alone = hidden(e, List.of(IDS.get(i)), 0);
            assertEquals(List.of(IDS.get(i).length, 8), List.of(alone.dim(0), alone.dim(1)));
            assertArrayEquals(alone.toFloatArray(), hidden(e, IDS, i).toFloatArray(), "sequence " + i);
            assertArrayEquals(alone.toFloatArray(), hidden(e, IDS.reversed(), IDS.size() - 1 - i).toFloatArray());
        }
    }

    @Test
    void poolingGivesRowsInTheGivenOrder() {
        Encoder e = new Encoder(TINY, Rng.of(3));
        TokenBatch batch = TokenBatch.of(IDS);
        Tensor all = NoGrad.call(() -> e.forward(batch));
        Tensor mean = e.pool(all, batch, Pooling.MEAN);
        Tensor first = e.pool(all, batch, Pooling.CLS);
        Tensor pooled = NoGrad.call(() -> e.pooled(all, batch));
        float[] w = e.parameters().get("pooler.dense.weight").value().toFloatArray();
        float[] b = e.parameters().get("pooler.dense.bias").value().toFloatArray();
        for (int i = 0; i < IDS.size(); i++) {
            Tensor rows = batch.sequence(all, i);
            assertArrayEquals(rows.mean(0).toFloatArray(), mean.select(0, i).toFloatArray(), 1e-6f);
            float[] cls = rows.select(0, 0).toFloatArray();
            assertArrayEquals(cls, first.select(0, i).toFloatArray());
            for (int o = 0; o < 8; o++) {
                double sum = b[o];
                for (int c = 0; c < 8; c++) {
                    sum += (double) w[o * 8 + c] * cls[c];
                }
                assertEquals(Math.tanh(sum), pooled.get(i, o), 1e-6);
            }
        }
        TensorException none = assertThrows(TensorException.class,
                () -> new Encoder(TINY.withPooler(false), Rng.of(1)).pooled(all, batch));
        assertTrue(none.getMessage().contains("no pooler"), none.getMessage());
    }

    @Test
    void positionsMayBeginBehindUnusedRows() {
        Encoder bert = new Encoder(TINY, Rng.of(4));
        Encoder roberta = new Encoder(new EncoderConfig(11, 11, 2, 2, 2, 2, 8, 12, Activation.GELU, 1e-12, 0, true),
                Rng.of(5));
        Map<String, Tensor> state = new LinkedHashMap<>(bert.stateDict());
        state.computeIfPresent("embeddings.position_embeddings.weight",
                (name, rows) -> Tensor.cat(0, Tensor.full(rows.slice(0, 0, 2).shape(), rows.dtype(), 1e6), rows));
        roberta.load(state);
        assertArrayEquals(hidden(bert, IDS, 2).toFloatArray(), hidden(roberta, IDS, 2).toFloatArray());
        assertEquals(9, roberta.config().maxTokens());
        List<int[]> tooLong = List.of(new int[10]);
        assertThrows(ShapeException.class, () -> roberta.forward(TokenBatch.of(tooLong)));
    }

    @Test
    void typesOfSegmentsCount() {
        Encoder e = new Encoder(TINY, Rng.of(6));
        TokenBatch zero = TokenBatch.of(List.of(new int[] {1, 2}));
        TokenBatch one = TokenBatch.of(List.of(new int[] {1, 2}), List.of(new int[] {0, 1}));
        double difference = NoGrad.call(() -> e.forward(zero).sub(e.forward(one)).abs().max()).item();
        assertTrue(difference > 1e-3, "difference " + difference);
        for (Runnable bad : List.<Runnable>of(() -> TokenBatch.of(List.of()), () -> TokenBatch.of(List.of(new int[0])),
                () -> TokenBatch.of(List.of(new int[2]), List.of(new int[1])), () -> zero.sequence(Tensor.zeros(2, 8), 1))) {
            assertThrows(ShapeException.class, bad::run);
        }
    }

    @Test
    void gradientsFlowThroughSequencesOfDifferentLengths() {
        Encoder e = new Encoder(TINY, Rng.of(7));
        TokenBatch batch = TokenBatch.of(IDS);
        Tensor weights = Rng.of(8).normal(IDS.size(), 8);
        Gradients g = Gradients.of(e.pooled(e.forward(batch), batch).mul(weights).sum());
        e.parameters().forEach((name, p) -> {
            boolean symmetric = name.endsWith("key.bias");
            assertTrue(symmetric || g.get(p.value()).abs().max().item() > 0, name);
        });
    }

    @Test
    void learnsWhichTextsBelongTogether() {
        Encoder e = new Encoder(TINY, Rng.of(9));
        List<int[]> left = List.of(new int[] {1, 2}, new int[] {3, 4, 5}, new int[] {6}, new int[] {7, 8});
        List<int[]> right = List.of(new int[] {9, 1, 1}, new int[] {2, 4}, new int[] {5, 5, 9, 9}, new int[] {8, 10});
        AdamW optimizer = AdamW.of(e.parameters(), 3e-3);
        double first = 0;
        double last = 0;
        for (int step = 0; step < 60; step++) {
            Tensor scores = vectors(e, left).matmul(vectors(e, right).transpose(0, 1)).mul(5);
            Tensor loss = Losses.crossEntropy(scores, Tensor.ofInts(IntStream.range(0, 4).toArray(), 4));
            optimizer.step(Gradients.of(loss));
            first = step == 0 ? loss.item() : first;
            last = loss.item();
        }
        assertTrue(first > 1 && last < 0.1, first + " to " + last);
    }

    private static Tensor vectors(Encoder e, List<int[]> ids) {
        TokenBatch batch = TokenBatch.of(ids);
        Tensor x = e.pool(e.forward(batch), batch, Pooling.MEAN);
        return x.div(x.sumSquaresKeepDims(1).sqrt());
    }

    // ---------------------------------------------------------------- files

    private static Map<String, Object> config() {
        return EncoderConfigJson.write(TINY);
    }

    @Test
    void configJsonIsReadAndWritten() {
        assertEquals(TINY, EncoderConfigJson.read(config(), "config.json"));
        EncoderConfig roberta = new EncoderConfig(11, 9, 2, 1, 2, 2, 8, 12, Activation.GELU_TANH, 1e-5, 0.1, true);
        assertEquals(roberta, EncoderConfigJson.read(EncoderConfigJson.write(roberta), "config.json"));
        Map<String, Object> published = new LinkedHashMap<>(config());
        published.putAll(Map.of("_name_or_path", "x", "transformers_version", "4.8.2", "use_cache", true,
                "gradient_checkpointing", false, "initializer_range", 0.02));
        published.put("classifier_dropout", null);
        assertEquals(TINY, EncoderConfigJson.read(published, "config.json"));
    }

    @Test
    void whatWouldChangeTheMathematicsIsRefusedByName() {
        Map<String, Object> changes = Map.of("position_embedding_type", "relative_key", "hidden_act", "quick_gelu",
                "model_type", "deberta", "is_decoder", true, "surprise", 1, "vocab_size", "many", "num_hidden_layers", 0,
                "num_attention_heads", 3L, "layer_norm_eps", "small");
        changes.forEach((key, value) -> {
            Map<String, Object> changed = config();
            changed.put(key, value);
            String message = assertThrows(FormatException.class, () -> EncoderConfigJson.read(changed, "the file")).getMessage();
            assertTrue(message.contains("the file") && (message.contains(key) || key.startsWith("num_")), message);
        });
        Map<String, Object> missing = config();
        missing.remove("hidden_size");
        assertThrows(FormatException.class, () -> EncoderConfigJson.read(missing, "the file"));
    }

    private static Encoder reload(Path folder, Map<String, Tensor> state) throws IOException {
        Safetensors.save(folder.resolve(WeightFolder.MODEL), state, Map.of());
        return Encoder.load(folder);
    }

    @Test
    void weightsOfWholeTaskModelsAndOldNamesAreRead(@TempDir Path folder) throws IOException {
        Encoder e = new Encoder(TINY, Rng.of(10));
        Files.writeString(folder.resolve("config.json"), Json.write(config()));
        float[] expected = hidden(e, IDS, 2).toFloatArray();
        assertArrayEquals(expected, hidden(reload(folder, e.stateDict()), IDS, 2).toFloatArray());
        Map<String, Tensor> task = new LinkedHashMap<>();
        e.stateDict().forEach((name, t) -> task.put("bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta"), t));
        task.put("cls.predictions.bias", Tensor.zeros(11));
        task.put("bert.embeddings.position_ids", Tensor.ofInts(new int[9], 1, 9));
        assertArrayEquals(expected, hidden(reload(folder, task), IDS, 2).toFloatArray());
        task.keySet().removeIf(name -> name.contains("pooler"));
        assertEquals(TINY.withPooler(false), reload(folder, task).config());

        task.remove("bert.encoder.layer.1.output.dense.bias");
        task.put("bert.encoder.layer.0.extra", Tensor.zeros(3));
        String message = assertThrows(FormatException.class, () -> reload(folder, task)).getMessage();
        assertTrue(message.contains("encoder.layer.1.output.dense.bias") && message.contains("encoder.layer.0.extra"), message);
    }

    @Test
    void sizesThatTheFileDoesNotHoldAreRefusedBeforeAnythingIsMade(@TempDir Path folder) throws IOException {
        Map<String, Object> huge = config();
        huge.put("vocab_size", (long) Integer.MAX_VALUE);
        huge.put("hidden_size", 1L << 20);
        huge.put("intermediate_size", (long) Integer.MAX_VALUE);
        Files.writeString(folder.resolve("config.json"), Json.write(huge));
        String message = assertThrows(FormatException.class,
                () -> reload(folder, new Encoder(TINY, Rng.of(1)).stateDict())).getMessage();
        assertTrue(message.contains("the file has"), message);
    }

    private static String gguf(String name) {
        return name.replace("embeddings.word_embeddings", "token_embd").replace("embeddings.position_embeddings", "position_embd")
                .replace("embeddings.token_type_embeddings", "token_types").replace("embeddings.LayerNorm", "token_embd_norm")
                .replace("encoder.layer", "blk").replace("attention.self.query", "attn_q").replace("attention.self.key", "attn_k")
                .replace("attention.self.value", "attn_v").replace("attention.output.dense", "attn_output")
                .replace("attention.output.LayerNorm", "attn_output_norm").replace("intermediate.dense", "ffn_up")
                .replace("output.dense", "ffn_down").replace("output.LayerNorm", "layer_output_norm");
    }

    @Test
    void ggufFilesHoldTheSameModel(@TempDir Path folder) throws IOException {
        Encoder e = new Encoder(TINY.withPooler(false), Rng.of(11));
        List<String> tokens = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581red", "\u2581green", "er", "\u2581car",
                "\u2581a", "s", "\u2581b");
        GgufMetadata metadata = GgufMetadata.empty().with("general.architecture", text("bert"))
                .with("bert.block_count", number(2)).with("bert.attention.head_count", number(2))
                .with("bert.embedding_length", number(8)).with("bert.feed_forward_length", number(12))
                .with("bert.context_length", number(9)).with("bert.attention.causal", GgufValue.of(GgufValueType.BOOL, false))
                .with("bert.attention.layer_norm_epsilon", GgufValue.of(GgufValueType.FLOAT32, 1e-12f))
                .with("bert.pooling_type", number(2)).with("tokenizer.ggml.model", text("bert"))
                .with("tokenizer.ggml.tokens", GgufValue.array(GgufValueType.STRING, tokens));
        Path file = folder.resolve("tiny.gguf");
        write(file, metadata, e);
        SentenceEmbedder embedder = SentenceEmbedder.load(file);
        assertEquals(e.config(), embedder.encoder().config());
        assertEquals(new SentenceEmbedder.Options(Pooling.CLS, true, 9), embedder.options());
        assertArrayEquals(new int[] {2, 4, 7, 9, 3}, embedder.tokenizer().encoderInput("red cars", 9).ids());
        assertArrayEquals(hidden(e, IDS, 2).toFloatArray(), hidden(embedder.encoder(), IDS, 2).toFloatArray());
        assertArrayEquals(hidden(e, IDS, 2).toFloatArray(), hidden(Encoder.load(file), IDS, 2).toFloatArray());
        for (GgufMetadata other : List.of(metadata.with("bert.surprise", number(1)), metadata.with("bert.pooling_type", number(3)),
                metadata.with("general.architecture", text("llama")), metadata.with("bert.block_count", number(0)),
                metadata.with("bert.attention.causal", GgufValue.of(GgufValueType.BOOL, true)))) {
            write(file, other, e);
            assertThrows(FormatException.class, () -> SentenceEmbedder.load(file));
        }
    }

    private static void write(Path file, GgufMetadata metadata, Encoder e) throws IOException {
        GgufWriter writer = new GgufWriter(metadata);
        e.stateDict().forEach((name, t) -> writer.add(gguf(name), GgufType.F32, t));
        writer.write(file);
    }

    private static GgufValue text(String s) {
        return GgufValue.of(GgufValueType.STRING, s);
    }

    private static GgufValue number(long n) {
        return GgufValue.of(GgufValueType.UINT32, n);
    }
}
