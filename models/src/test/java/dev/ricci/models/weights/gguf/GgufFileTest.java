package dev.ricci.models.weights.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.weights.BlockEncoder;
import dev.ricci.tensor.weights.WeightType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
    @TempDir
    Path folder;

    static GgufMetadata everyValue() {
        GgufMetadata m = GgufMetadata.empty();
        long[][] ends = {{0, 255}, {-128, 127}, {0, 65535}, {-32768, 32767}, {0, 4294967295L},
            {Integer.MIN_VALUE, Integer.MAX_VALUE}, {0, Long.MAX_VALUE}, {Long.MIN_VALUE, Long.MAX_VALUE}};
        int i = 0;
        for (GgufValueType t : GgufValueType.values()) {
            if (t.isInteger()) {
                m = m.with("low." + t, GgufValue.of(t, ends[i][0])).with("high." + t, GgufValue.of(t, ends[i][1]))
                        .with("all." + t, GgufValue.array(t, ends[i]));
                i++;
            }
        }
        return m.with("f", GgufValue.of(1.5f)).with("d", GgufValue.of(GgufValueType.FLOAT64, Math.PI))
                .with("b", GgufValue.of(true)).with("s", GgufValue.of("h\u00e9llo \uFFFD \ud83d\ude00"))
                .with("fs", GgufValue.floats(1, -2)).with("ds", GgufValue.array(GgufValueType.FLOAT64, new double[] {3}))
                .with("bs", GgufValue.array(GgufValueType.BOOL, new boolean[] {true, false}))
                .with("ss", GgufValue.strings(List.of("a", "", "bc")))
                .with("nested", GgufValue.array(GgufValueType.ARRAY, List.of(GgufValue.ints(1, 2), GgufValue.strings(List.of()))));
    }

    /** Values of a ramp, which every type holds to some degree. */
    private static Tensor ramp(int... dims) {
        float[] v = new float[Shape.of(dims).size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = i % 33 - 16;
        }
        return Tensor.wrap(v, Shape.of(dims));
    }

    /** A small valid file, as bytes. */
    static byte[] valid(Path folder) throws IOException {
        Path file = folder.resolve("valid.gguf");
        GgufWriter w = new GgufWriter(everyValue());
        for (GgufType t : GgufType.values()) {
            Shape shape = Shape.of(2, t.blockElements());
            w.addBlocks("t." + t, t, shape, MemorySegment.ofArray(new byte[(int) t.bytes(shape.size())]));
        }
        w.write(file);
        return Files.readAllBytes(file);
    }

    @Test
    void givesBackEveryMetadataValue() throws IOException {
        Path file = folder.resolve("m.gguf");
        new GgufWriter(everyValue()).write(file);
        try (GgufFile f = GgufFile.open(file)) {
            assertEquals(3, f.version());
            GgufMetadata m = f.metadata();
            assertEquals(List.copyOf(everyValue().values().keySet()), List.copyOf(m.values().keySet()));
            everyValue().values().forEach((key, expected) -> assertSame(key, expected, m.values().get(key)));
            assertEquals(Optional.of("h\u00e9llo \uFFFD \ud83d\ude00"), m.string("s"));
            assertEquals(4294967295L, m.integer("high.UINT32").orElseThrow());
            assertEquals(1.5, m.number("f").orElseThrow());
            assertEquals(-128, m.number("low.INT8").orElseThrow());
            assertEquals(Optional.of(true), m.truth("b"));
            assertEquals(List.of("a", "", "bc"), m.strings("ss").orElseThrow());
            assertArrayEquals(new float[] {1, -2}, m.floats("fs").orElseThrow());
            assertArrayEquals(new long[] {-128, 127}, m.integers("all.INT8").orElseThrow());
            assertTrue(m.string("none").isEmpty() && m.integer("none").isEmpty() && m.number("none").isEmpty()
                    && m.truth("none").isEmpty() && m.strings("none").isEmpty() && m.floats("none").isEmpty()
                    && m.integers("none").isEmpty());
            assertThrows(FormatException.class, () -> m.string("f"));
            assertThrows(FormatException.class, () -> m.integer("f"));
            assertThrows(FormatException.class, () -> m.number("s"));
            assertThrows(FormatException.class, () -> m.truth("s"));
            assertThrows(FormatException.class, () -> m.strings("s"));
            assertThrows(FormatException.class, () -> m.floats("ds"));
            assertThrows(FormatException.class, () -> m.integers("fs"));
        }
        assertThrows(TensorException.class, () -> GgufValue.of(GgufValueType.UINT8, 256L));
        assertThrows(TensorException.class, () -> GgufValue.of(-1));
        assertThrows(TensorException.class, () -> GgufValue.of(GgufValueType.INT64, 1));
        assertThrows(TensorException.class, () -> GgufValue.array(GgufValueType.INT16, new long[] {40000}));
    }

    private static void assertSame(String key, GgufValue expected, GgufValue got) {
        assertEquals(expected.type(), got.type(), key);
        assertEquals(expected.elements(), got.elements(), key);
        if (expected.elements() == GgufValueType.ARRAY) {
            for (int i = 0; i < expected.size(); i++) {
                assertSame(key, (GgufValue) ((List<?>) expected.value()).get(i), (GgufValue) ((List<?>) got.value()).get(i));
            }
        } else {
            assertTrue(Arrays.deepEquals(new Object[] {expected.value()}, new Object[] {got.value()}), key);
        }
    }

    @Test
    void givesBackEveryTensor() throws IOException {
        for (int alignment : new int[] {32, 1, 4096}) {
            Path file = folder.resolve("t.gguf");
            GgufMetadata metadata = alignment == 32 ? GgufMetadata.empty()
                    : GgufMetadata.empty().with("general.alignment", GgufValue.of(alignment));
            GgufWriter w = new GgufWriter(metadata);
            for (GgufType t : GgufType.values()) {
                if (BlockEncoder.supports(t.stored())) {
                    w.add("m." + t, t, ramp(3, 64));
                }
            }
            w.add("view", GgufType.F32, ramp(4, 3).transpose(0, 1)).add("scalar", GgufType.F16, ramp())
                    .add("empty", GgufType.F32, ramp(0, 5)).add("half", GgufType.F32, ramp(2, 2, 1, 3).to(DType.BF16));
            w.write(file);
            try (GgufFile f = GgufFile.open(file)) {
                assertEquals(9, f.names().size());
                assertEquals("m.F32", f.tensors().iterator().next().name());
                for (GgufTensorInfo t : f.tensors()) {
                    assertEquals(0, t.offset() % alignment);
                    assertEquals(t.spec(), f.tensor(t.name()).spec());
                    assertEquals(t.bytes(), f.blocks(t.name()).byteSize());
                    assertEquals(DType.F32, f.floats(t.name()).dtype());
                }
                float[] x = ramp(3, 64).toFloatArray();
                for (GgufType exact : List.of(GgufType.F32, GgufType.F16, GgufType.BF16)) {
                    assertArrayEquals(x, f.floats("m." + exact).toFloatArray());
                    assertEquals(exact.name(), f.tensor("m." + exact).dtype().name());
                    assertArrayEquals(x, f.tensor("m." + exact).to(DType.F32).toFloatArray());
                }
                assertArrayEquals(x, f.tensor("m.Q8_0").toFloatArray(), 16 / 254f + 0.01f);
                assertArrayEquals(x, f.tensor("m.Q4_0").toFloatArray(), 2.01f);
                assertArrayEquals(BlockEncoder.encode(WeightType.Q4_0, x, 64, 64), f.blocks("m.Q4_0")
                        .asSlice(36, 36).toArray(ValueLayout.JAVA_BYTE), "row by row");
                assertArrayEquals(ramp(4, 3).transpose(0, 1).toFloatArray(), f.tensor("view").toFloatArray());
                assertEquals(Shape.of(2, 2, 1, 3), f.spec("half").shape());
                assertTrue(f.asMap().containsKey("scalar"));
                assertEquals(-16, f.asMap().get("scalar").to(DType.F32).item());
            }
        }
    }

    @Test
    void givesBackBlocksOfTypesThatAreReadOnly() throws IOException {
        byte[] b = new byte[2 * GgufType.Q6_K.blockBytes()];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) (7 * i);
        }
        Path file = folder.resolve("b.gguf");
        new GgufWriter(GgufMetadata.empty()).addBlocks("q", GgufType.Q6_K, Shape.of(2, 256), MemorySegment.ofArray(b))
                .write(file);
        try (GgufFile f = GgufFile.open(file)) {
            assertArrayEquals(b, f.blocks("q").toArray(ValueLayout.JAVA_BYTE));
            assertEquals("q Q6_K[2, 256]", f.info("q").toString());
            assertTrue(f.blocks("q").isReadOnly());
        }
    }

    @Test
    void rowsThatAreNoMultipleOfTheBlockStayF16() {
        assertEquals(GgufType.F16, GgufWriter.typeFor(GgufType.Q8_0, Shape.of(64, 172)));
        assertEquals(GgufType.Q8_0, GgufWriter.typeFor(GgufType.Q8_0, Shape.of(172, 64)));
        assertEquals(GgufType.F32, GgufWriter.typeFor(GgufType.Q8_0, Shape.of(64)));
        assertEquals(GgufType.F32, GgufWriter.typeFor(GgufType.F32, Shape.of(64, 172)));
    }

    @Test
    void theWriterRefusesWhatNobodyCouldRead() {
        GgufWriter w = new GgufWriter(GgufMetadata.empty()).add("x", GgufType.F32, ramp(2));
        assertThrows(TensorException.class, () -> w.add("x", GgufType.F32, ramp(2)));
        assertThrows(TensorException.class, () -> w.add("y", GgufType.Q4_K, ramp(256)));
        assertThrows(TensorException.class, () -> w.add("y", GgufType.Q8_0, ramp(2, 33)));
        assertThrows(TensorException.class, () -> w.add("y".repeat(64), GgufType.F32, ramp(2)));
        assertThrows(TensorException.class, () -> w.add("y", GgufType.F32, ramp(1, 1, 1, 1, 1)));
        assertThrows(TensorException.class,
                () -> w.addBlocks("y", GgufType.F32, Shape.of(2), MemorySegment.ofArray(new byte[7])));
        for (long bad : new long[] {0, 3, 48, 1 << 21}) {
            assertThrows(FormatException.class, () -> new GgufWriter(
                    GgufMetadata.empty().with("general.alignment", GgufValue.of(GgufValueType.UINT32, bad))));
        }
        Path file = folder.resolve("none.gguf");
        assertThrows(TensorException.class, () -> new GgufWriter(GgufMetadata.empty())
                .add("i", GgufType.F32, Tensor.ofInts(new int[] {1})).write(file));
        assertThrows(TensorException.class, () -> new GgufWriter(GgufMetadata.empty())
                .add("i", GgufType.F32, Shape.of(3), () -> ramp(2)).write(file));
        TensorException e = assertThrows(TensorException.class, () -> new GgufWriter(GgufMetadata.empty())
                .add("nan", GgufType.Q8_0, Tensor.full(Shape.of(32), DType.F32, Double.NaN)).write(file));
        assertTrue(e.getMessage().contains("'nan'"), e.getMessage());
        assertTrue(Files.notExists(file), "nothing is left of a file that could not be written");
    }

    @Test
    void saysWhatIsMissingAndWhenClosed() throws IOException {
        Path file = folder.resolve("c.gguf");
        new GgufWriter(GgufMetadata.empty()).add("x", GgufType.F16, ramp(2)).add("y", GgufType.F32, ramp(2)).write(file);
        GgufFile f = GgufFile.open(file);
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("z")).getMessage().contains("[x, y]"));
        f.close();
        f.close();
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("x")).getMessage().contains("closed"));
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("y")).getMessage().contains("closed"));
        assertThrows(IOException.class, () -> GgufFile.open(folder.resolve("none.gguf")));
    }

    // ---------------------------------------------------------------- hostile files

    /** Little-endian bytes: ints, longs, lengths with text. */
    private static byte[] bytes(Object... parts) {
        ByteBuffer b = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        for (Object part : parts) {
            switch (part) {
                case Integer i -> b.putInt(i);
                case Long l -> b.putLong(l);
                case Byte x -> b.put(x);
                case String s -> b.putLong(s.length()).put(s.getBytes(StandardCharsets.ISO_8859_1));
                default -> throw new AssertionError(part);
            }
        }
        return Arrays.copyOf(b.array(), b.position());
    }

    private void refused(String says, Object... parts) throws IOException {
        Path file = Files.write(folder.resolve("hostile.gguf"), bytes(parts));
        FormatException e = assertThrows(FormatException.class, () -> GgufFile.open(file).close(), says);
        assertTrue(e.getMessage().contains(says) && e.getMessage().contains("hostile.gguf"), e.getMessage());
    }

    @Test
    void refusesHostileHeads() throws IOException {
        int magic = GgufReader.MAGIC;
        refused("not a GGUF file");
        refused("not a GGUF file", magic, 3, 0L);
        refused("not a GGUF file", magic + 1, 3, 0L, 0L);
        refused("version 1 is not read", magic, 1, 0L, 0L);
        refused("version 4 is not read", magic, 4, 0L, 0L);
        refused("big-endian", magic, 0x03000000, 0L, 0L);
        refused("do not fit", magic, 3, 1L, 0L);
        refused("do not fit", magic, 3, 0L, Long.MIN_VALUE);
        refused("do not fit", magic, 3, Long.MAX_VALUE, 0L);
        refused("truncated", magic, 3, 0L, 1L, "abcdefgh", 5);
        refused("unknown type of value 13", magic, 3, 0L, 1L, "k", 13, 0L);
        refused("unknown type of value 4294967295", magic, 3, 0L, 1L, "k", -1, 0L);
        refused("0 or 1", magic, 3, 0L, 1L, "k", 7, (byte) 2);
        refused("too large", magic, 3, 0L, 1L, "k", 10, -1L);
        refused("'k' twice", magic, 3, 0L, 2L, "k", 4, 1, "k", 4, 1);
        refused("UTF-8", magic, 3, 0L, 1L, "k", 8, "\u00ff");
        refused("do not fit", magic, 3, 0L, 1L, "k", 8, 1L << 40, 0L);
        refused("do not fit", magic, 3, 0L, 1L, "k", 9, 6, 1L << 62, 0L);
        refused("do not fit", magic, 3, 0L, 1L, "k", 9, 9, 3L, 0L);
        refused("deeper", magic, 3, 0L, 1L, "k", 9, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L, 9, 1L);
        refused("power of two", magic, 3, 0L, 1L, "general.alignment", 4, 0);
        refused("must be an integer", magic, 3, 0L, 1L, "general.alignment", 8, "32");
    }

    @Test
    void refusesHostileTensors() throws IOException {
        int magic = GgufReader.MAGIC;
        // A pair of bytes for the alignment keeps the data right behind the head.
        Object[] one = {magic, 3, 1L, 1L, "general.alignment", 0, (byte) 1};
        refused("5 axes", with(one, "t", 5, 1L, 1L, 1L, 1L, 1L, 0, 0L));
        refused("4294967295 axes", with(one, "t", -1, 1L, 0, 0L));
        refused("sizes must lie in", with(one, "t", 1, -1L, 0, 0L));
        refused("sizes must lie in", with(one, "t", 1, 1L << 32, 0, 0L));
        refused("more elements than", with(one, "t", 2, 1L << 16, 1L << 16, 0, 0L));
        refused("type 4 is not read", with(one, "t", 1, 1L, 4, 0L, 0));
        refused("type 16 (IQ2_XXS) is not read", with(one, "t", 1, 256L, 16, 0L));
        refused("multiple of 32", with(one, "t", 1, 33L, 8, 0L));
        refused("multiple of 32", with(one, "t", 0, 8, 0L, 0));
        refused("truncated", with(one, "t", 1, 2L, 0, 0L, 0));
        refused("truncated", with(one, "t", 1, 1L, 0, Long.MAX_VALUE, 0));
        refused("alignment", with(one, "t", 1, 1L, 0, -1L, 0));
        refused("alignment", magic, 3, 1L, 0L, "t", 1, 1L, 0, 4L, 0L, 0L, 0L, 0L, 0L, 0L);
        Object[] two = {magic, 3, 2L, 1L, "general.alignment", 0, (byte) 1};
        refused("two tensors are called 't'", with(two, "t", 1, 1L, 0, 0L, "t", 1, 1L, 0, 4L, 0, 0));
        refused("overlaps", with(two, "t", 1, 1L, 0, 0L, "u", 1, 1L, 0, 2L, 0, 0));
        refused("overlaps", with(two, "t", 1, 1L, 0, 0L, "u", 1, 1L, 0, 0L, 0, 0));
        Files.write(folder.resolve("ok.gguf"), bytes(with(two, "t", 1, 1L, 0, 0L, "u", 1, 1L, 0, 5L, 0, 0, 0)));
        GgufFile.open(folder.resolve("ok.gguf")).close();
    }

    private static Object[] with(Object[] start, Object... more) {
        Object[] all = Arrays.copyOf(start, start.length + more.length);
        System.arraycopy(more, 0, all, start.length, more.length);
        return all;
    }

    @Test
    void refusesEveryTruncation() throws IOException {
        byte[] valid = valid(folder);
        Path file = folder.resolve("cut.gguf");
        int last = valid.length - 32;
        for (int length = 0; length < last; length += length < 1500 ? 1 : 97) {
            Files.write(file, Arrays.copyOf(valid, length));
            assertThrows(FormatException.class, () -> GgufFile.open(file).close(), "" + length);
        }
    }

    @Test
    void readsVersionTwo() throws IOException {
        byte[] valid = valid(folder);
        valid[4] = 2;
        Path file = Files.write(folder.resolve("two.gguf"), valid);
        try (GgufFile f = GgufFile.open(file)) {
            assertEquals(2, f.version());
            assertEquals(GgufType.values().length, f.names().size());
            assertEquals(Map.of(), Map.copyOf(GgufMetadata.empty().values()));
        }
    }
}
