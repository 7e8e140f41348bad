package dev.ricci.models.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.ModelConverter;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufPartsTest;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models as GGUF files. The property {@code ricci.gguf.out} names a folder that keeps the files, for other readers. */
class GgufConverterTest {
    @TempDir
    Path temporary;

    /** The pieces of a vocabulary file of llama2.c, in the spelling of GGUF. */
    private static List<GgufConverter.Piece> pieces(Path file) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        in.getInt();
        List<GgufConverter.Piece> pieces = new ArrayList<>();
        while (in.hasRemaining()) {
            float score = in.getFloat();
            byte[] text = new byte[in.getInt()];
            in.get(text);
            String piece = new String(text, StandardCharsets.UTF_8);
            // The control pieces have line feeds around them there.
            pieces.add(new GgufConverter.Piece(pieces.size() < 3 ? piece.strip() : piece.replace(' ', '\u2581'), score));
        }
        return pieces;
    }

    @Test
    void stories260kIsWrittenInEveryType() throws IOException {
        Decoder model = Llama2cReader.load(TestData.require("stories260K/stories260K.bin"));
        GgufMetadata tokenizer = GgufConverter.sentencePiece(pieces(TestData.require("stories260K/tok512.bin")));
        String out = System.getProperty("ricci.gguf.out");
        Path folder = out == null ? temporary : Path.of(out);
        for (GgufType type : List.of(GgufType.F32, GgufType.F16, GgufType.Q8_0, GgufType.Q4_0)) {
            Path file = folder.resolve("stories260K-" + type + ".gguf");
            GgufConverter.decoder("stories260K", model.config(), model.stateDict(), type, tokenizer).write(file);
            try (GgufFile f = GgufFile.open(file)) {
                assertEquals(47, f.names().size());
                assertEquals(260_032, f.tensors().stream().mapToLong(t -> t.shape().size()).sum());
                assertEquals(type, f.info("blk.4.ffn_up.weight").type());
                assertEquals(type.isQuantised() ? GgufType.F16 : type, f.info("blk.4.ffn_down.weight").type());
                assertEquals(GgufType.F32, f.info("output_norm.weight").type());
                assertEquals(512, f.metadata().strings("tokenizer.ggml.tokens").orElseThrow().size());
                double most = type == GgufType.F32 ? 0 : type == GgufType.F16 ? 0x1p-11 : type == GgufType.Q8_0 ? 1 / 250. : 1 / 7.9;
                assertNear(model.stateDict().get("model.embed_tokens.weight"), f.floats("token_embd.weight"), most);
            }
        }
    }

    /** Within a fraction of the largest magnitude. */
    private static void assertNear(Tensor expected, Tensor got, double fraction) {
        float[] x = expected.toFloatArray();
        float most = 0;
        for (float v : x) {
            most = Math.max(most, Math.abs(v));
        }
        if (fraction == 0) {
            assertArrayEquals(x, got.toFloatArray());
        } else {
            assertArrayEquals(x, got.toFloatArray(), (float) (fraction * most));
        }
    }

    @Test
    void rotatedHalvesBecomeNeighbours() throws IOException {
        Decoder model = new Decoder(DecoderConfig.llama(10, 8, 1, 2, 1, 8, 12), Rng.of(1));
        Path file = temporary.resolve("h.gguf");
        GgufConverter.decoder("h", model.config(), model.stateDict(), GgufType.F32, GgufMetadata.empty()).write(file);
        try (GgufFile f = GgufFile.open(file)) {
            Tensor q = model.stateDict().get("model.layers.0.self_attn.q_proj.weight");
            float[] written = f.tensor("blk.0.attn_q.weight").toFloatArray();
            // Head 1 has rows 4 to 7: its pairs (4, 6) and (5, 7) come one after the other.
            int[] rows = {0, 2, 1, 3, 4, 6, 5, 7};
            for (int r = 0; r < 8; r++) {
                for (int c = 0; c < 8; c++) {
                    assertEquals(q.toFloatArray()[8 * rows[r] + c], written[8 * r + c]);
                }
            }
            assertEquals(2, f.metadata().integer("llama.attention.head_count").orElseThrow());
            assertTrue(f.names().contains("output.weight"));
        }
    }

    @Test
    void partsAreOneModel() throws IOException {
        DecoderConfig config = OracleModels.configs().get("llama");
        String out = System.getProperty("ricci.gguf.out");
        Path folder = out == null ? temporary : Files.createDirectories(Path.of(out, "parts"));
        Path whole = temporary.resolve("whole.gguf");
        GgufConverter.decoder("llama", config, OracleModels.model(config).stateDict(), GgufType.Q8_0,
                OracleModels.vocabulary()).write(whole);
        Path first = GgufPartsTest.split(whole, folder, 3);
        Path again = temporary.resolve("again.gguf");
        ModelConverter.convert(first, again, GgufType.Q8_0, LoadOptions.usual());
        float[] expected = OracleModels.logits(LanguageModel.load(whole).decoder()).toFloatArray();
        for (Path file : List.of(first, again)) {
            LoadOptions stored = LoadOptions.usual().withWeights(LoadOptions.Weights.AS_STORED);
            assertArrayEquals(expected, OracleModels.logits(LanguageModel.load(file, stored).decoder()).toFloatArray());
            assertEquals(OracleModels.IDS, LanguageModel.tokenizer(file).vocabSize());
        }
    }

    @Test
    void refusesWhatNoArchitectureSays() {
        DecoderConfig odd = DecoderConfig.llama(10, 8, 1, 2, 1, 8, 12).withScales(3, 0);
        Decoder model = new Decoder(odd, Rng.of(1));
        assertThrows(TensorException.class,
                () -> GgufConverter.decoder("g", odd, model.stateDict(), GgufType.F32, GgufMetadata.empty()));
        assertThrows(TensorException.class, () -> GgufConverter.decoder("x", DecoderConfig.llama(10, 8, 1, 2, 1, 8, 12),
                Map.of("other", Tensor.of(1f)), GgufType.F32, GgufMetadata.empty()));
    }
}
