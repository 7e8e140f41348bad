package dev.ricci.models.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufMetadata;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufWriter;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFolderTest {
    private static final DecoderConfig SHAPE = DecoderConfig.llama(16, 8, 2, 2, 1, 8, 12);

    @TempDir
    Path folder;

    private static void assertEqualWeights(Decoder expected, Decoder got) {
        expected.stateDict().forEach((name, t) ->
                assertArrayEquals(t.toFloatArray(), got.stateDict().get(name).toFloatArray(), name));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, 1000})
    void givesBackWhatWasSaved(long maxShardBytes) throws IOException {
        Decoder model = new Decoder(SHAPE, Rng.of(1));
        Path to = folder.resolve("a").resolve("b");
        WeightFolder.save(to, model.stateDict(), SHAPE.toMap(), maxShardBytes);
        assertEquals(maxShardBytes > 1000, Files.exists(to.resolve("model.safetensors")));
        assertEquals(SHAPE, DecoderConfig.fromMap(WeightFolder.config(to)));
        Decoder other = new Decoder(SHAPE, Rng.of(2));
        try (TensorSource weights = WeightFolder.open(to)) {
            other.load(weights);
        }
        assertEqualWeights(model, other);
        // The other layout beside it would be taken for this one.
        assertThrows(FormatException.class, () -> WeightFolder.save(to, model.stateDict(), SHAPE.toMap(),
                maxShardBytes > 1000 ? 1000 : Long.MAX_VALUE));
        WeightFolder.save(to, model.stateDict(), SHAPE.toMap(), maxShardBytes);
    }

    @Test
    void everyMisfitIsInOneReport() throws IOException {
        Decoder model = new Decoder(SHAPE, Rng.of(1));
        Map<String, Tensor> state = new LinkedHashMap<>(model.stateDict());
        Tensor norm = state.remove("model.norm.weight");
        state.put("model.norm.bias", norm);
        state.put("lm_head.weight", Tensor.ones(3, 3));
        WeightFolder.save(folder, state, Map.of());
        try (TensorSource weights = WeightFolder.open(folder)) {
            String message = assertThrows(TensorException.class, () -> model.load(weights)).getMessage();
            assertTrue(message.contains("missing model.norm.weight") && message.contains("unexpected model.norm.bias")
                    && message.contains("mismatched lm_head.weight: expected F32[16, 8], found F32[3, 3]"), message);
        }
    }

    @Test
    void halvesOfAnyFormatAreConverted() throws IOException {
        Decoder model = new Decoder(SHAPE, Rng.of(1));
        Path file = folder.resolve("m.gguf");
        GgufWriter writer = new GgufWriter(GgufMetadata.empty());
        model.stateDict().forEach((name, t) -> writer.add(name, GgufType.BF16, t));
        writer.write(file);
        Decoder other = new Decoder(SHAPE, Rng.of(2));
        try (TensorSource weights = WeightFolder.open(file)) {
            other.load(weights);
        }
        model.stateDict().forEach((name, t) -> assertArrayEquals(t.to(DType.BF16).to(DType.F32).toFloatArray(),
                other.stateDict().get(name).toFloatArray(), name));
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertTrue(assertThrows(FormatException.class, () -> WeightFolder.open(folder.resolve("x.bin"))).getMessage()
                .contains(".gguf"));
        assertTrue(assertThrows(IOException.class, () -> WeightFolder.open(folder)).getMessage()
                .contains(folder + ": the folder has neither model.safetensors nor"));
        assertThrows(IOException.class, () -> WeightFolder.open(folder.resolve("x.onnx")));
        assertThrows(IOException.class, () -> WeightFolder.config(folder));
    }
}
