package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.architecture.GgufConverter;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.tokenizer.BpeTrainer;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.WordPattern;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufValue;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelTest {
    @TempDir
    Path folder;

    /** The pieces of a vocabulary file of llama2.c, spaces as U+2581. */
    private static List<GgufConverter.Piece> pieces() throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(TestData.require("stories260K/tok512.bin")))
                .order(ByteOrder.LITTLE_ENDIAN);
        in.getInt();
        List<GgufConverter.Piece> pieces = new ArrayList<>();
        while (in.hasRemaining()) {
            float score = in.getFloat();
            byte[] text = new byte[in.getInt()];
            in.get(text);
            String piece = new String(text, StandardCharsets.UTF_8);
            pieces.add(new GgufConverter.Piece(pieces.size() < 3 ? piece.strip() : piece.replace(' ', '\u2581'), score));
        }
        return pieces;
    }

    /** The tokenizer.json that a converter makes of a SentencePiece vocabulary with byte fallback. */
    private static Map<String, Object> tokenizerJson(List<GgufConverter.Piece> pieces) {
        Map<String, Long> ids = new LinkedHashMap<>();
        Map<String, Float> scores = new HashMap<>();
        for (GgufConverter.Piece p : pieces) {
            ids.put(p.text(), (long) ids.size());
            scores.put(p.text(), p.score());
        }
        List<String> byScore = new ArrayList<>(ids.keySet());
        byScore.sort(Comparator.comparing(scores::get, Comparator.reverseOrder()));
        List<List<String>> merges = new ArrayList<>();
        for (String token : byScore) {
            for (int cut = 1; cut < token.length() && ids.get(token) >= 259; cut++) {
                if (ids.containsKey(token.substring(0, cut)) && ids.containsKey(token.substring(cut))) {
                    merges.add(List.of(token.substring(0, cut), token.substring(cut)));
                }
            }
        }
        List<Map<String, Object>> added = new ArrayList<>();
        for (int id = 0; id < 3; id++) {
            added.add(Map.of("id", (long) id, "content", pieces.get(id).text(), "special", true, "normalized", false,
                    "lstrip", false, "rstrip", false, "single_word", false));
        }
        Map<String, Object> first = Map.of("SpecialToken", Map.of("id", "<s>", "type_id", 0L));
        Map<String, Object> a = Map.of("Sequence", Map.of("id", "A", "type_id", 0L));
        Map<String, Object> b = Map.of("Sequence", Map.of("id", "B", "type_id", 0L));
        return Map.of("version", "1.0", "added_tokens", added,
                "normalizer", Map.of("type", "Sequence", "normalizers", List.of(
                        Map.of("type", "Prepend", "prepend", "\u2581"),
                        Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "\u2581"))),
                "post_processor", Map.of("type", "TemplateProcessing", "single", List.of(first, a),
                        "pair", List.of(first, a, b),
                        "special_tokens", Map.of("<s>", Map.of("id", "<s>", "ids", List.of(1L), "tokens", List.of("<s>")))),
                "decoder", Map.of("type", "Sequence", "decoders", List.of(
                        Map.of("type", "Replace", "pattern", Map.of("String", "\u2581"), "content", " "),
                        Map.of("type", "ByteFallback"), Map.of("type", "Fuse"),
                        Map.of("type", "Strip", "content", " ", "start", 1L, "stop", 0L))),
                "model", Map.of("type", "BPE", "unk_token", "<unk>", "fuse_unk", true, "byte_fallback", true,
                        "vocab", ids, "merges", merges));
    }

    private static int[] goldenIds() throws IOException {
        Map<?, ?> golden = (Map<?, ?>) Json.parse(Files.readString(TestData.require("stories260K/golden_greedy.json")));
        return ((List<?>) golden.get("ids")).stream().mapToInt(id -> ((Number) id).intValue()).toArray();
    }

    private static void keepsTheGoldenIds(LanguageModel model) throws IOException {
        int[] prompt = model.tokenizer().encodePrompt("");
        assertArrayEquals(new int[] {1}, prompt);
        assertArrayEquals(new int[] {1, 403, 407, 261, 378}, model.tokenizer().encodePrompt("Once upon a time"));
        int[] golden = goldenIds();
        int[] made = new AutoregressiveGenerator(model.decoder()).generate(prompt, GenerationConfig.greedy(255), id -> true);
        for (int i = 0; i < made.length; i++) {
            assertEquals(golden[i + 1], made[i], "id " + (i + 1));
        }
        assertEquals(255, made.length);
        String text = "Lily saw a \u00e9t\u00e9 \ud83d\ude00!\n";
        assertEquals(text, model.tokenizer().decode(model.tokenizer().encode(text)));
        assertTrue(model.endIds().contains(2));
    }

    private static LanguageModel stories() throws IOException {
        return LanguageModel.load(TestData.require("stories260K/stories260K.bin"),
                LoadOptions.usual().withVocabulary(TestData.require("stories260K/tok512.bin")));
    }

    @Test
    void stories260kKeepsItsIdsInEveryLayout() throws IOException {
        LanguageModel original = stories();
        keepsTheGoldenIds(original);
        Decoder decoder = original.decoder();
        LanguageModel.saveDecoder(folder, decoder);
        Files.writeString(folder.resolve("tokenizer.json"), Json.write(tokenizerJson(pieces())));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}");
        LanguageModel published = LanguageModel.load(folder);
        assertEquals(DecoderConfig.Positions.Kind.ROTARY_HALF, published.decoder().config().positions().kind());
        keepsTheGoldenIds(published);
        for (GgufType type : List.of(GgufType.F32, GgufType.F16)) {
            Path file = folder.resolve("stories-" + type + ".gguf");
            GgufConverter.decoder("stories260K", decoder.config(), decoder.stateDict(), type,
                    GgufConverter.sentencePiece(pieces())).write(file);
            keepsTheGoldenIds(LanguageModel.load(file));
            LanguageModel asStored = LanguageModel.load(file, LoadOptions.usual().withWeights(LoadOptions.Weights.AS_STORED));
            keepsTheGoldenIds(asStored);
            assertEquals(type.name(), asStored.decoder().parameters().get("model.layers.0.mlp.up_proj.weight").storedAs());
            Path fromHalves = folder.resolve("halves-" + type + ".gguf");
            GgufConverter.decoder("stories260K", published.decoder().config(), published.decoder().stateDict(), type,
                    GgufConverter.sentencePiece(pieces())).write(fromHalves);
            assertEquals(-1, Files.mismatch(file, fromHalves));
        }
    }

    private static LanguageModel small() {
        PipelineTokenizer tokenizer = new BpeTrainer(280, 1, WordPattern.GPT2,
                List.of("<|endoftext|>", "<|im_end|>")).train("some words and some more words");
        DecoderConfig config = DecoderConfig.llama(tokenizer.vocabSize() + 5, 16, 2, 4, 2, 16, 24);
        return new LanguageModel(new Decoder(config, Rng.of(1)), tokenizer, Optional.of("{{ messages }}"), Set.of(3, 257));
    }

    private static float[] logits(LanguageModel model) {
        return NoGrad.call(() -> model.decoder().logits(Tensor.ofInts(new int[] {1, 5, 7}, 1, 3))).toFloatArray();
    }

    @Test
    void aSavedModelComesBackWithEverything() throws IOException {
        LanguageModel model = small();
        model.save(folder);
        LanguageModel read = LanguageModel.load(folder);
        assertArrayEquals(logits(model), logits(read));
        assertEquals(model.decoder().config(), read.decoder().config());
        assertEquals(model.chatTemplate(), read.chatTemplate());
        assertEquals(Set.of(3, 257), Set.copyOf(read.endIds()));
        assertArrayEquals(model.tokenizer().encode("more words"), read.tokenizer().encode("more words"));
        Path copy = folder.resolve("copy");
        LanguageModel.saveDecoder(copy, read.decoder());
        LanguageModel.copyVocabulary(folder, copy);
        assertEquals(read.endIds(), LanguageModel.load(copy).endIds());
        // It was read from a file, of which no copy is kept.
        assertThrows(TensorException.class, () -> read.save(folder.resolve("other")));
        assertFalse(Files.exists(folder.resolve("other")));
    }

    @Test
    void shardsTemplatesAndEndsAreFound() throws IOException {
        LanguageModel model = small();
        model.save(folder);
        Map<String, Object> config = new LinkedHashMap<>(WeightFolder.config(folder));
        config.put("eos_token_id", List.of(4L, 5L));
        Path shards = folder.resolve("shards");
        WeightFolder.save(shards, model.decoder().stateDict(), config, 4000);
        Files.copy(folder.resolve("tokenizer.json"), shards.resolve("tokenizer.json"));
        LanguageModel read = LanguageModel.load(shards);
        assertArrayEquals(logits(model), logits(read));
        assertEquals(Set.of(4, 5), Set.copyOf(read.endIds()));
        assertEquals(Optional.empty(), read.chatTemplate());
        Files.writeString(shards.resolve("generation_config.json"), "{\"eos_token_id\": 6}");
        Files.writeString(shards.resolve("tokenizer_config.json"), """
                {"chat_template": [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}],
                "eos_token": "<|im_end|>"}""");
        LanguageModel configured = LanguageModel.load(shards);
        assertEquals(Set.of(6, ((PipelineTokenizer) model.tokenizer()).id("<|im_end|>").getAsInt()),
                Set.copyOf(configured.endIds()));
        assertEquals(Optional.of("b"), configured.chatTemplate());
        Files.writeString(shards.resolve("chat_template.jinja"), "c");
        assertEquals(Optional.of("c"), LanguageModel.load(shards).chatTemplate());
        Files.writeString(shards.resolve("generation_config.json"), "{\"eos_token_id\": \"<s>\"}");
        assertThrows(FormatException.class, () -> LanguageModel.load(shards));
    }

    @Test
    void aGgufFileSaysItsTemplateAndWhatEndsATurn() throws IOException {
        List<GgufConverter.Piece> pieces = new ArrayList<>();
        for (String control : List.of("<unk>", "<s>", "</s>")) {
            pieces.add(new GgufConverter.Piece(control, 0));
        }
        for (int b = 0; b < 256; b++) {
            pieces.add(new GgufConverter.Piece("<0x%02X>".formatted(b), 0));
        }
        GgufMetadata vocabulary = GgufConverter.sentencePiece(pieces)
                .with("tokenizer.chat_template", GgufValue.of("{{ x }}"))
                .with("tokenizer.ggml.eot_token_id", GgufValue.of(9));
        Decoder decoder = new Decoder(DecoderConfig.llama(259, 16, 1, 4, 2, 16, 24), Rng.of(1));
        Path file = folder.resolve("m.gguf");
        GgufConverter.decoder("m", decoder.config(), decoder.stateDict(), GgufType.F32, vocabulary).write(file);
        LanguageModel model = LanguageModel.load(file);
        assertEquals(Optional.of("{{ x }}"), model.chatTemplate());
        assertEquals(Set.of(2, 9), Set.copyOf(model.endIds()));
        Path bare = folder.resolve("bare.gguf");
        GgufConverter.decoder("m", decoder.config(), decoder.stateDict(), GgufType.F32, GgufMetadata.empty()).write(bare);
        failed(bare, "no vocabulary");
        Path unknown = folder.resolve("unknown.gguf");
        GgufConverter.decoder("m", decoder.config(), decoder.stateDict(), GgufType.F32,
                vocabulary.with("llama.logit_scale", GgufValue.of(2f))).write(unknown);
        failed(unknown, "unknown key 'logit_scale'");
    }

    @Test
    void longContextsAreCutToTheOption() throws IOException {
        LanguageModel model = small();
        Decoder longer = new Decoder(model.decoder().config().withContextLength(100_000), Rng.of(1));
        new LanguageModel(longer, model.tokenizer()).save(folder);
        assertEquals(8192, LanguageModel.load(folder).decoder().config().contextLength());
        assertEquals(300, LanguageModel.load(folder, LoadOptions.usual().withLongest(300)).decoder().config()
                .contextLength());
        assertThrows(TensorException.class, () -> LoadOptions.usual().withLongest(0));
    }

    @Test
    void whatIsNoModelIsOneMessage() throws IOException {
        failed(folder.resolve("none"), "no such file");
        failed(folder, "model.safetensors");
        LanguageModel model = small();
        LanguageModel.saveDecoder(folder, model.decoder());
        failed(folder, "no vocabulary");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"mamba\"}");
        failed(folder, "'mamba'");
        assertThrows(TensorException.class, () -> new LanguageModel(
                new Decoder(DecoderConfig.llama(20, 16, 1, 4, 2, 16, 24), Rng.of(1)), model.tokenizer()));
    }

    private static void failed(Path path, String message) {
        Exception e = assertThrows(Exception.class, () -> LanguageModel.load(path));
        assertTrue(e instanceof FormatException || e instanceof IOException, e.toString());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }
}
