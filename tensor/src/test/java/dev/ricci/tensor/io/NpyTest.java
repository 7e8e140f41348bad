package dev.ricci.tensor.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
    @TempDir
    Path folder;

    /** A file of a version with this header and these bytes. */
    static byte[] file(int version, String header, byte... data) {
        byte[] text = header.getBytes(version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        ByteBuffer b = ByteBuffer.allocate(12 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(HexFormat.of().parseHex("934e554d5059")).put((byte) version).put((byte) 0);
        if (version == 1) {
            b.putShort((short) text.length);
        } else {
            b.putInt(text.length);
        }
        b.put(text).put(data);
        return Arrays.copyOf(b.array(), b.position());
    }

    private Tensor load(byte[] bytes) throws IOException {
        return Npy.load(Files.write(folder.resolve("x.npy"), bytes));
    }

    @Test
    void givesBackEveryType() throws IOException {
        for (var e : SafetensorsTest.everyType().entrySet()) {
            Path file = folder.resolve(e.getKey());
            if (e.getKey().equals("bf16")) {
                assertThrows(DTypeException.class, () -> Npy.save(file, e.getValue()));
                continue;
            }
            Npy.save(file, e.getValue());
            Tensor back = Npy.load(file);
            assertEquals(e.getValue().spec(), back.spec());
            assertArrayEquals(SafetensorsTest.bits(e.getValue()), SafetensorsTest.bits(back));
        }
    }

    @Test
    void writesWhatNumPyWrites() throws IOException {
        Npy.save(folder.resolve("a"), Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
        byte[] written = Files.readAllBytes(folder.resolve("a"));
        // numpy.save of the same array
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        byte[] expected = file(1, header + " ".repeat(118 - header.length() - 1) + "\n",
                HexFormat.of().parseHex("0000803f0000004000004040000080400000a0400000c040"));
        assertArrayEquals(expected, written);
        Npy.save(folder.resolve("b"), Tensor.of(1f));
        assertTrue(Files.readString(folder.resolve("b"), StandardCharsets.ISO_8859_1).contains("'shape': (1,), }"));
        Npy.save(folder.resolve("c"), Tensor.wrap(HeapStorage.of(new float[1]), Shape.scalar()));
        assertTrue(Files.readString(folder.resolve("c"), StandardCharsets.ISO_8859_1).contains("'shape': (), }"));
    }

    @Test
    void readsFortranOrderAndAllVersions() throws IOException {
        byte[] data = {0, 3, 1, 4, 2, 5};
        for (int version = 1; version <= 3; version++) {
            Tensor t = load(file(version, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", data));
            assertEquals(Shape.of(2, 3), t.shape());
            assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 5}, ((HeapStorage) t.storage()).bytes());
        }
        assertEquals(Shape.of(2, 0), load(file(1, "{\"shape\":(2,0),'fortran_order':True,'descr':'<f8'}")).shape());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (1,)}", "{'descr': '<f4"})
    void refusesHostileHeaders(String header) throws IOException {
        FormatException e = assertThrows(FormatException.class, () -> load(file(1, header, new byte[4])));
        assertTrue(e.getMessage().contains("x.npy"), e.getMessage());
    }

    @Test
    void refusesHostileFiles() throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}";
        byte[] good = file(2, header, new byte[4]);
        assertEquals(0.0, load(good).item());
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThrows(FormatException.class, () -> load(cut), "" + length);
        }
        assertThrows(FormatException.class, () -> load(Arrays.copyOf(good, good.length + 1)));
        assertThrows(FormatException.class, () -> load(file(4, header, new byte[4])));
        assertThrows(FormatException.class, () -> load(file(0, header, new byte[4])));
        good[11] = (byte) 0xFF;
        assertThrows(FormatException.class, () -> load(good));
    }
}
