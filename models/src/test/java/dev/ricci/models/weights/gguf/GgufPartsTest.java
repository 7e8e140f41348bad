package dev.ricci.models.weights.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.weights.WeightFolder;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in several files. */
public class GgufPartsTest {
    private static final String MODEL = "m-%05d-of-00003.gguf";

    @TempDir
    Path folder;

    /** Splits a file into parts of equally many tensors, and gives the first. */
    public static Path split(Path whole, Path folder, int count) throws IOException {
        try (GgufFile in = GgufFile.open(whole)) {
            List<GgufTensorInfo> all = in.tensors();
            for (int part = 0; part < count; part++) {
                GgufMetadata start = part == 0 ? in.metadata() : GgufMetadata.empty();
                GgufWriter out = new GgufWriter(numbered(start, part, count, all.size()));
                for (GgufTensorInfo t : all.subList(part * all.size() / count, (part + 1) * all.size() / count)) {
                    out.addBlocks(t.name(), t.type(), t.shape(), in.blocks(t.name()));
                }
                out.write(folder.resolve("m-%05d-of-%05d.gguf".formatted(part + 1, count)));
            }
        }
        return folder.resolve("m-%05d-of-%05d.gguf".formatted(1, count));
    }

    private static GgufMetadata numbered(GgufMetadata m, long part, long count, long tensors) {
        return m.with(GgufParts.NUMBER, GgufValue.of(GgufValueType.UINT16, part))
                .with(GgufParts.COUNT, GgufValue.of(GgufValueType.UINT16, count))
                .with(GgufParts.TENSORS, GgufValue.of(GgufValueType.INT32, tensors));
    }

    private Path part(int number) {
        return folder.resolve(MODEL.formatted(number));
    }

    @BeforeEach
    void writeModel() throws IOException {
        Path whole = folder.resolve("whole.gguf");
        GgufWriter w = new GgufWriter(GgufMetadata.empty().with("general.name", GgufValue.of("m")));
        for (int i = 0; i < 7; i++) {
            w.add("t" + i, i % 2 == 0 ? GgufType.F32 : GgufType.Q8_0, Tensor.ones(i + 1, 32).mul(i));
        }
        w.write(whole);
        assertEquals(part(1), split(whole, folder, 3));
    }

    @Test
    void readsAllPartsAsOneModel() throws IOException {
        try (GgufFile whole = GgufFile.open(folder.resolve("whole.gguf")); GgufFile parts = GgufFile.open(part(1));
                TensorSource weights = WeightFolder.open(part(1))) {
            assertEquals(List.of(part(1), part(2), part(3)), parts.files());
            assertEquals(List.of(folder.resolve("whole.gguf")), whole.files());
            assertEquals(whole.metadata().values().keySet(), parts.metadata().values().keySet());
            assertEquals(whole.names(), parts.names());
            assertEquals(whole.names(), weights.names());
            assertEquals(names(whole), names(parts));
            for (String name : whole.names()) {
                assertEquals(whole.spec(name), parts.spec(name));
                assertArrayEquals(whole.tensor(name).toFloatArray(), parts.tensor(name).toFloatArray());
                assertArrayEquals(whole.tensor(name).toFloatArray(), parts.stored(name).toFloatArray());
                assertEquals(-1, whole.blocks(name).mismatch(parts.blocks(name)));
            }
            assertTrue(parts.toString().endsWith("1 metadata pairs, 7 tensors in 3 parts"), parts.toString());
        }
    }

    private static List<String> names(GgufFile f) {
        return f.tensors().stream().map(GgufTensorInfo::name).toList();
    }

    @Test
    void becomesOneFileAgain() throws IOException {
        Path one = folder.resolve("one.gguf");
        assertEquals(Map.of(GgufType.F32, 7), GgufQuantizer.quantize(part(1), one, GgufType.F32, true));
        try (GgufFile f = GgufFile.open(one)) {
            assertFalse(f.metadata().values().keySet().stream().anyMatch(k -> k.startsWith("split.")));
            assertEquals(7, f.names().size());
        }
    }

    private void refused(Path first, String... says) {
        FormatException e = assertThrows(FormatException.class, () -> GgufFile.open(first).close());
        for (String s : says) {
            assertTrue(e.getMessage().contains(s), e.getMessage());
        }
        assertTrue(e.getMessage().length() < 1000, e.getMessage());
    }

    @Test
    void saysWhichPartIsMeant() throws IOException {
        refused(part(2), MODEL.formatted(2), "name the first", MODEL.formatted(1));
        Path renamed = Files.copy(part(1), folder.resolve("renamed.gguf"));
        refused(renamed, "one of 3 parts", "-00001-of-00003.gguf");
        refused(Files.copy(part(1), folder.resolve("m-00001-of-00004.gguf")), "one of 3 parts");
        Files.delete(part(3));
        refused(part(1), "part 3 of 3 is missing", MODEL.formatted(3));
    }

    @Test
    void refusesDoubledAndForeignParts() throws IOException {
        byte[] third = Files.readAllBytes(part(3));
        Files.copy(part(2), part(3), StandardCopyOption.REPLACE_EXISTING);
        refused(part(1), MODEL.formatted(3), "its name says part 3 of 3, its metadata part 2 of 3");
        Files.copy(folder.resolve("whole.gguf"), part(3), StandardCopyOption.REPLACE_EXISTING);
        refused(part(1), MODEL.formatted(3), "that it is no part of a model");
        new GgufWriter(GgufMetadata.empty()).add("x", GgufType.F32, Tensor.ones(2)).write(part(3));
        refused(part(1), "its metadata that it is no part of a model");
        new GgufWriter(numbered(GgufMetadata.empty(), 2, 3, 7)).add("x", GgufType.F32, Tensor.ones(2)).write(part(3));
        refused(part(1), "split.tensors.count is 7", "have 5 tensors");
        new GgufWriter(numbered(GgufMetadata.empty(), 2, 3, 7)).add("t0", GgufType.F32, Tensor.ones(2)).write(part(3));
        refused(part(1), "'t0' is in another part too");
        Files.write(part(3), new byte[10]);
        refused(part(1), MODEL.formatted(3), "not a GGUF file");
        Files.write(part(3), third);
        GgufFile.open(part(1)).close();
    }

    @Test
    void refusesHostileNumbers() throws IOException {
        List<GgufMetadata> hostile = new ArrayList<>();
        for (long count : new long[] {-1, 100_000, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE}) {
            hostile.add(GgufMetadata.empty().with(GgufParts.COUNT, GgufValue.of(GgufValueType.INT64, count)));
        }
        hostile.add(GgufMetadata.empty().with(GgufParts.COUNT, GgufValue.of("3")));
        hostile.add(numbered(GgufMetadata.empty(), 0, 3, 7).with(GgufParts.TENSORS, GgufValue.of("7")));
        hostile.add(numbered(GgufMetadata.empty(), 0, 3, 7).with(GgufParts.NUMBER, GgufValue.of(true)));
        hostile.add(numbered(GgufMetadata.empty(), 1, 3, 7));
        hostile.add(GgufMetadata.empty().with(GgufParts.COUNT, GgufValue.of(3)));
        for (GgufMetadata m : hostile) {
            new GgufWriter(m).write(part(1));
            refused(part(1), MODEL.formatted(1));
        }
        // A model that was split and joined again, and one that is its only part.
        for (long count : new long[] {0, 1}) {
            Path file = folder.resolve("joined.gguf");
            new GgufWriter(numbered(GgufMetadata.empty(), 0, count, 1)).add("x", GgufType.F32, Tensor.ones(2)).write(file);
            GgufFile.open(file).close();
        }
    }
}
