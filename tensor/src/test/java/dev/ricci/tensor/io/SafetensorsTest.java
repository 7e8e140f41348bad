package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    static Map<String, Tensor> everyType() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        all.put("u8", Tensor.wrap(HeapStorage.of(DType.U8, new byte[] {0, -1, 7}), Shape.of(3)));
        all.put("f32", Tensor.of(new float[] {1, -0f, Float.NaN, Float.MIN_VALUE, 5, 6}, 2, 3));
        all.put("f64", Tensor.wrap(HeapStorage.of(new double[] {Math.PI}), Shape.scalar()));
        all.put("f16", Tensor.wrap(HeapStorage.of(DType.F16, new short[] {0x3C00, -1}), Shape.of(2, 1)));
        all.put("bf16", Tensor.wrap(HeapStorage.of(DType.BF16, new short[] {0x3F80}), Shape.of(1)));
        all.put("i32", Tensor.ofInts(new int[] {Integer.MIN_VALUE, 3}));
        all.put("i64", Tensor.ofLongs(new long[] {Long.MIN_VALUE, 4}));
        all.put("bool", Tensor.ofBooleans(new boolean[] {true, false, true}, 3, 1));
        all.put("empty", Tensor.of(new float[0], 0, 4));
        return all;
    }

    static byte[] bits(Tensor t) throws IOException {
        Path p = Files.createTempFile("bits", "");
        try {
            AtomicFiles.write(p, channel -> Elements.write(channel, t));
            return Files.readAllBytes(p);
        } finally {
            Files.delete(p);
        }
    }

    @Test
    void givesBackEveryType() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Map<String, Tensor> all = everyType();
        Safetensors.save(file, all, Map.of("b", "é", "a", "1"));
        try (SafetensorsFile f = SafetensorsFile.open(file)) {
            assertEquals(List.of("bf16", "bool", "empty", "f16", "f32", "f64", "i32", "i64", "u8"),
                    List.copyOf(f.names()));
            assertEquals(Map.of("a", "1", "b", "é"), f.metadata());
            for (String name : f.names()) {
                assertEquals(all.get(name).spec(), f.spec(name), name);
                assertEquals(all.get(name).spec(), f.tensor(name).spec(), name);
                assertArrayEquals(bits(all.get(name)), bits(f.tensor(name)), name);
                assertEquals(bits(all.get(name)).length, f.bytes(name).byteSize(), name);
                assertEquals(0, f.bytes(name).address() % all.get(name).dtype().blockBytes(), name + " is aligned");
            }
        }
        assertEquals(all.keySet(), Safetensors.load(file).keySet());
    }

    @Test
    void writesTheBytesThatTheFormatAsksFor() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.save(file, Map.of("x", Tensor.of(new float[] {1, 2}, 2)), Map.of("k", "v"));
        String json = "{\"__metadata__\":{\"k\":\"v\"},\"x\":{\"data_offsets\":[0,8],\"dtype\":\"F32\",\"shape\":[2]}}";
        byte[] written = Files.readAllBytes(file);
        ByteBuffer b = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) b.getLong();
        assertEquals(0, header % 8);
        assertEquals(json, new String(written, 8, header, StandardCharsets.UTF_8).stripTrailing());
        assertEquals(8 + header + 8, written.length);
        assertEquals(1f, b.getFloat(8 + header));
        assertEquals(2f, b.getFloat(12 + header));
    }

    @Test
    void isTheSameForAnyOrderOfTheMap() throws IOException {
        Map<String, Tensor> all = everyType();
        Map<String, Tensor> reversed = new LinkedHashMap<>();
        List.copyOf(all.keySet()).reversed().forEach(k -> reversed.put(k, all.get(k)));
        Safetensors.save(folder.resolve("a"), all);
        Safetensors.save(folder.resolve("b"), reversed);
        assertEquals(-1, Files.mismatch(folder.resolve("a"), folder.resolve("b")));
    }

    @Test
    void writesViewsRowMajor() throws IOException {
        Tensor t = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Safetensors.save(folder.resolve("a"), Map.of("t", t.transpose(0, 1), "s", t.slice(1, 1, 3)));
        Map<String, Tensor> back = Safetensors.load(folder.resolve("a"));
        assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, ((HeapStorage) back.get("t").storage()).floats());
        assertArrayEquals(new float[] {2, 3, 5, 6}, ((HeapStorage) back.get("s").storage()).floats());
    }

    @Test
    void writesMoreThanOneChunk() throws IOException {
        float[] many = new float[(1 << 19) + 7];
        for (int i = 0; i < many.length; i++) {
            many[i] = i;
        }
        Safetensors.save(folder.resolve("a"), Map.of("t", Tensor.of(many)));
        assertArrayEquals(many, ((HeapStorage) Safetensors.load(folder.resolve("a")).get("t").storage()).floats());
    }

    @Test
    void readsShards() throws IOException {
        Safetensors.save(folder.resolve("m-1.safetensors"), Map.of("a", Tensor.of(1f), "b", Tensor.of(2f)));
        Safetensors.save(folder.resolve("m-2.safetensors"), Map.of("c", Tensor.of(3f)));
        Path index = folder.resolve("m.safetensors.index.json");
        Files.writeString(index, """
                {"metadata": {"total_size": 12}, "weight_map": {"a": "m-1.safetensors", "c": "m-2.safetensors",
                "b": "m-1.safetensors"}}""");
        try (SafetensorsFile f = SafetensorsFile.open(index)) {
            assertEquals(List.of("a", "b", "c"), List.copyOf(f.names()));
            assertEquals(3f, f.tensor("c").item());
            assertEquals("12", f.metadata().get("total_size"));
        }
        for (String bad : List.of("{\"weight_map\": {\"a\": \"../m-1.safetensors\"}}",
                "{\"weight_map\": {\"a\": \"/etc/passwd\"}}", "{\"weight_map\": {\"a\": \"..\"}}",
                "{\"weight_map\": {\"a\": 1}}", "{\"weight_map\": {\"z\": \"m-1.safetensors\"}}", "{}",
                "{\"weight_map\": []}")) {
            Files.writeString(index, bad);
            assertThrows(FormatException.class, () -> SafetensorsFile.open(index), bad);
        }
    }

    @Test
    void writesShardsThatReadAsOne() throws IOException {
        Map<String, Tensor> all = everyType();
        Path index = folder.resolve("m.safetensors.index.json");
        Safetensors.saveSharded(index, all, Map.of("format", "pt"), 16);
        try (SafetensorsFile f = SafetensorsFile.open(index); Stream<Path> files = Files.list(folder)) {
            assertEquals(5, files.filter(p -> p.toString().endsWith("-of-00005.safetensors")).count());
            assertEquals(new TreeSet<>(all.keySet()), f.names());
            for (String name : f.names()) {
                assertArrayEquals(bits(all.get(name)), bits(f.tensor(name)), name);
            }
            assertEquals(Map.of("format", "pt", "total_size", "68"), f.metadata());
        }
        assertThrows(FormatException.class, () -> Safetensors.saveSharded(folder.resolve("m.json"), all, Map.of(), 16));
        assertThrows(FormatException.class, () -> Safetensors.saveSharded(index, all, Map.of(), 0));
    }

    @Test
    void looksLikeAMap() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.save(file, Map.of("x", Tensor.of(1f), "y", Tensor.of(2f)));
        try (SafetensorsFile f = SafetensorsFile.open(file)) {
            Map<String, Tensor> map = f.asMap();
            assertEquals(2, map.size());
            assertEquals(List.of("x", "y"), List.copyOf(map.keySet()));
            assertEquals(2f, map.get("y").item());
            assertNull(map.get("z"));
            assertTrue(map.containsKey("x") && !map.containsKey("z"));
            assertEquals("[x, y]", map.toString());
            double sum = 0;
            for (Map.Entry<String, Tensor> e : map.entrySet()) {
                sum += e.getValue().item();
                assertThrows(UnsupportedOperationException.class, () -> e.setValue(Tensor.of(0f)));
            }
            assertEquals(3, sum);
            assertThrows(UnsupportedOperationException.class, () -> map.put("z", Tensor.of(0f)));
            assertThrows(UnsupportedOperationException.class, () -> map.remove("x"));
        }
    }

    private Tensor one(String dtype, int size, int... bytes) throws IOException {
        byte[] file = file("{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + size + "],\"data_offsets\":[0,"
                + bytes.length + "]}}", bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            file[file.length - bytes.length + i] = (byte) bytes[i];
        }
        Path path = Files.write(folder.resolve("one.safetensors"), file);
        try (SafetensorsFile f = SafetensorsFile.open(path)) {
            assertEquals(dtype, f.storedType("x"));
            assertEquals(f.spec("x"), f.tensor("x").spec());
            return f.tensor("x");
        }
    }

    @Test
    void readsTypesThatTensorsLackAsWiderOnes() throws IOException {
        assertEquals(Tensor.ofInts(new int[] {-1, 127}).toString(), one("I8", 2, 0xFF, 0x7F).toString());
        assertEquals(Tensor.ofInts(new int[] {-2}).toString(), one("I16", 1, 0xFE, 0xFF).toString());
        assertEquals(Tensor.ofInts(new int[] {65534}).toString(), one("U16", 1, 0xFE, 0xFF).toString());
        assertEquals(Tensor.ofLongs(new long[] {4294967294L}).toString(),
                one("U32", 1, 0xFE, 0xFF, 0xFF, 0xFF).toString());
        assertEquals(Tensor.ofLongs(new long[] {Long.MAX_VALUE}).toString(),
                one("U64", 1, 255, 255, 255, 255, 255, 255, 255, 127).toString());
        assertThrows(FormatException.class, () -> one("U64", 1, 0, 0, 0, 0, 0, 0, 0, 128));
        // Zero, the smallest subnormal and normal, one, minus one and a half, the largest, NaN.
        assertArrayEquals(new float[] {0, 0x1p-9f, 0x1p-6f, 1, -1.5f, 448, Float.NaN},
                one("F8_E4M3", 7, 0, 1, 8, 0x38, 0xBC, 0x7E, 0x7F).toFloatArray());
        assertArrayEquals(new float[] {-0f, 0x1p-16f, 1, -2, 57344, Float.POSITIVE_INFINITY},
                one("F8_E5M2", 6, 0x80, 1, 0x3C, 0xC0, 0x7B, 0x7C).toFloatArray());
    }

    @Test
    void saysWhatIsMissingAndWhenClosed() throws IOException {
        Path file = folder.resolve("a.safetensors");
        Safetensors.save(file, Map.of("x", Tensor.of(1f)));
        SafetensorsFile f = SafetensorsFile.open(file);
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("y")).getMessage().contains("'y'"));
        f.close();
        f.close();
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("x")).getMessage().contains("closed"));
        assertThrows(IOException.class, () -> SafetensorsFile.open(folder.resolve("none.safetensors")));
        assertThrows(FormatException.class, () -> Safetensors.save(file, Map.of("__metadata__", Tensor.of(1f))));
    }

    private FormatException refused(byte[] bytes) throws IOException {
        Path file = folder.resolve("hostile.safetensors");
        Files.write(file, bytes);
        FormatException e = assertThrows(FormatException.class, () -> SafetensorsFile.open(file));
        assertTrue(e.getMessage().contains("hostile.safetensors"), e.getMessage());
        return e;
    }

    /** A file with this header and as many bytes of data. */
    static byte[] file(String header, int data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json)
                .array();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', value = {
        "4 | [1] | [0,8] | F32 | takes 4 bytes",
        "4 | [2] | [0,8] | F32 | truncated",
        "4 | [1] | [4,8] | F32 | truncated",
        "8 | [1] | [4,8] | F32 | hole",
        "8 | [1] | [0,4] | F32 | belong to none",
        "4 | [1] | [4,0] | F32 | 0 <= begin <= end",
        "4 | [1] | [-4,0] | F32 | 0 <= begin <= end",
        "4 | [1] | [0,4,8] | F32 | data_offsets",
        "4 | [1] | [0] | F32 | data_offsets",
        "4 | [1] | 4 | F32 | data_offsets",
        "4 | [1] | [0,4.5] | F32 | integers",
        "4 | [-1] | [0,4] | F32 | sizes must lie in",
        "4 | [4294967296] | [0,4] | F32 | sizes must lie in",
        "4 | [65536,65536] | [0,4] | F32 | more elements than",
        "4 | [2147483647,2147483647,2147483647,2147483647] | [0,4] | F32 | more elements than",
        "4 | [9223372036854775808] | [0,4] | F32 | 64 bits",
        "4 | 1 | [0,4] | F32 | shape must be an array",
        "4 | [1] | [0,4] | F33 | unknown dtype",
        "4 | [1] | [0,4] | f32 | unknown dtype",
        "0 | [0] | [0,0] | Q4_0 | unknown dtype",
    })
    void refusesHostileEntries(int data, String shape, String offsets, String dtype, String says) throws IOException {
        String header = "{\"x\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets
                + "}}";
        FormatException e = refused(file(header, data));
        assertTrue(e.getMessage().contains(says), e.getMessage());
    }

    @Test
    void refusesHostileHeaders() throws IOException {
        String x = "\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
        String y = "\"y\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
        assertTrue(refused(file("{" + x + "," + y + "}", 4)).getMessage().contains("overlaps"));
        assertTrue(refused(file("{" + x + "," + x + "}", 4)).getMessage().contains("twice"));
        assertTrue(refused(file("{" + x + "}x", 4)).getMessage().contains("after the end"));
        assertTrue(refused(file("{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4)).getMessage().contains("must have"));
        assertTrue(refused(file("{\"x\":[]}", 0)).getMessage().contains("expected a JSON object"));
        assertTrue(refused(file("[]", 0)).getMessage().contains("expected a JSON object"));
        assertTrue(refused(file("{\"__metadata__\":{\"a\":1}}", 0)).getMessage().contains("must be a string"));
        assertTrue(refused(new byte[0]).getMessage().contains("header's length"));
        assertTrue(refused(new byte[7]).getMessage().contains("header's length"));
        for (long length : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001}) {
            byte[] bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
            assertTrue(refused(bytes).getMessage().contains("must lie in"), "" + length);
        }
        byte[] beyond = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(9).array();
        assertTrue(refused(beyond).getMessage().contains("truncated"));
        byte[] latin = file("{\"a\u0001\":1}", 0);
        latin[11] = (byte) 0xE9;
        assertTrue(refused(latin).getMessage().contains("UTF-8"));
    }

    @Test
    void refusesBytesThatAreNoTruthValues() throws IOException {
        Path file = folder.resolve("b.safetensors");
        byte[] bytes = file("{\"x\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
        bytes[bytes.length - 1] = 2;
        Files.write(file, bytes);
        assertTrue(assertThrows(FormatException.class, () -> Safetensors.load(file)).getMessage().contains("byte 2"));
    }
}
