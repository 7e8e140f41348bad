package dev.ricci.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatasetTest {
    @TempDir
    Path folder;

    @Test
    void memoryGivesRows() {
        InMemory data = InMemory.of(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2),
                Tensor.ofInts(new int[] {7, 8, 9}));
        Batch b = data.batch(2, 0, 2);
        assertArrayEquals(new float[] {5, 6, 1, 2, 5, 6}, b.inputs().toFloatArray());
        assertArrayEquals(new int[] {9, 7, 9}, b.targets().toIntArray());
        assertArrayEquals(new float[] {3, 4}, data.part(1, 3).batch(0).inputs().toFloatArray());
        assertEquals(2, data.part(1, 3).size());
        assertThrows(IndexOutOfRangeException.class, () -> data.batch(3));
        assertThrows(IndexOutOfRangeException.class, () -> data.batch(-1));
        assertThrows(TensorException.class, data::batch);
        assertThrows(TensorException.class, () -> data.part(2, 2));
        assertThrows(ShapeException.class, () -> InMemory.of(Tensor.zeros(0, 2), null));
        assertThrows(ShapeException.class, () -> InMemory.of(Tensor.zeros(2), Tensor.zeros(3)));
        assertThrows(TensorException.class, () -> new Batch(Tensor.zeros(2), Tensor.zeros(3)));
    }

    @Test
    void windowsShiftTargetsByOne() {
        int[] text = {0, 1, 2, 3, 4, 5, 6};
        TokenWindows every = TokenWindows.everywhere(text, 3);
        assertEquals(4, every.size());
        Batch b = every.batch(3, 0);
        assertArrayEquals(new int[] {3, 4, 5, 0, 1, 2}, b.inputs().toIntArray());
        assertArrayEquals(new int[] {4, 5, 6, 1, 2, 3}, b.targets().toIntArray());
        assertEquals(Shape.of(2, 3), b.inputs().shape());
        assertEquals(6, b.targetCount());
        assertEquals(4, new Batch(b.inputs(), b.targets().add(Tensor.ofInts(new int[] {0, 0, -106, 0, 0, -103}).reshape(2, 3)))
                .targetCount(), "two targets are -100 now, which losses ignore");
        TokenWindows sequential = TokenWindows.sequential(text, 3);
        assertEquals(2, sequential.size());
        assertArrayEquals(new int[] {3, 4, 5}, sequential.batch(1).inputs().toIntArray());
        assertEquals(1, TokenWindows.sequential(Arrays.copyOf(text, 6), 3).size());
        assertEquals(1, TokenWindows.everywhere(new int[] {1, 2}, 1).size());
    }

    @Test
    void windowsRefuseShortTextsAndBadIds() {
        TensorException e = assertThrows(TensorException.class, () -> TokenWindows.everywhere(new int[3], 3));
        assertTrue(e.getMessage().contains("4 tokens or more, got 3"), e.getMessage());
        assertThrows(TensorException.class, () -> TokenWindows.sequential(new int[0], 3));
        assertThrows(TensorException.class, () -> TokenWindows.sequential(new int[9], 0));
        assertThrows(TensorException.class, () -> TokenWindows.sequential(new int[] {1, -2, 3}, 1));
        assertThrows(IndexOutOfRangeException.class, () -> TokenWindows.everywhere(new int[9], 3).batch(6));
    }

    @Test
    void csvReadsQuotesAndNumbers() throws IOException {
        Path file = folder.resolve("t.csv");
        Files.writeString(file, "name,x,\"y \"\"2\"\"\"\r\n\"b, c\",1.5,-2\r\na,3,\"4\"\n\"two\nlines\",0,1e2");
        Csv csv = Csv.read(file);
        assertEquals(List.of("name", "x", "y \"2\""), csv.columns());
        assertEquals(List.of("b, c", "a", "two\nlines"), csv.column("name"));
        assertArrayEquals(new float[] {-2, 1.5f, 4, 3, 100, 0}, csv.numbers("y \"2\"", "x").toFloatArray());
        assertEquals(Shape.of(3, 2), csv.numbers("x", "x").shape());
        assertEquals(List.of("a", "b, c", "two\nlines"), csv.classes("name"));
        assertArrayEquals(new int[] {1, 0, 2}, csv.labels("name").toIntArray());
        assertThrows(TensorException.class, () -> csv.column("z"));
        assertTrue(assertThrows(FormatException.class, () -> csv.numbers("name")).getMessage().contains("row 1"));
        assertEquals(0, Csv.parse("a,b\n", "x").size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a,b\n1", "a,b\n1,2,3", "a,a\n1,2", "a\n\"1", "a\n1\"2", "a\n\"1\"2", "a,b\n1,2\n\n"})
    void csvRefusesWhatIsNotATable(String text) {
        assertTrue(assertThrows(FormatException.class, () -> Csv.parse(text, "t.csv")).getMessage().contains("t.csv"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "", "1f", "0x1p3d", "1,2", "x"})
    void csvRefusesWhatIsNoNumber(String text) {
        assertThrows(FormatException.class, () -> Csv.parse("a\n\"" + text + "\"\n", "t").numbers("a"));
    }

    private static byte[] idx(int magic, int[] dims, byte... data) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * dims.length + data.length).putInt(magic);
        for (int d : dims) {
            b.putInt(d);
        }
        return b.put(data).array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    @Test
    void idxReadsImagesPlainAndCompressed() throws IOException {
        byte[] images = idx(0x803, new int[] {2, 1, 3}, (byte) 0, (byte) 255, (byte) 51, (byte) 1, (byte) 2, (byte) 3);
        Path x = Files.write(folder.resolve("x.gz"), gzip(images));
        Path y = Files.write(folder.resolve("y"), idx(0x801, new int[] {2}, (byte) 7, (byte) 200));
        Images data = Images.idx(x, y);
        Batch b = data.batch(0, 1);
        assertEquals(Shape.of(2, 1, 1, 3), b.inputs().shape());
        assertArrayEquals(new float[] {0, 1, 0.2f, 1 / 255f, 2 / 255f, 3 / 255f}, b.inputs().toFloatArray());
        assertArrayEquals(new int[] {7, 200}, b.targets().toIntArray());
        Path ints = Files.write(folder.resolve("i"), idx(0xC01, new int[] {1}, (byte) 0, (byte) 0, (byte) 1, (byte) 2));
        assertArrayEquals(new int[] {258}, Idx.read(ints).toIntArray());
        Path floats = Files.write(folder.resolve("f"), idx(0xD01, new int[] {1}, (byte) 0x3F, (byte) 0x80, (byte) 0,
                (byte) 0));
        assertArrayEquals(new float[] {1}, Idx.read(floats).toFloatArray());
        assertThrows(FormatException.class, () -> Images.idx(y, y));
        assertThrows(FormatException.class, () -> Images.idx(x, x));
    }

    @Test
    void idxRefusesHostileFiles() throws IOException {
        byte[] good = idx(0x803, new int[] {1, 1, 2}, (byte) 1, (byte) 2);
        for (int length = 0; length < good.length; length++) {
            Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(good, length));
            assertThrows(FormatException.class, () -> Idx.read(cut), "" + length);
        }
        byte[] packed = gzip(good);
        for (int length = 2; length < packed.length; length++) {
            Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(packed, length));
            assertThrows(FormatException.class, () -> Idx.read(cut), "gzip " + length);
        }
        for (byte[] bad : new byte[][] {Arrays.copyOf(good, good.length + 1), idx(0x903, new int[] {1, 1, 1}, (byte) 1),
            idx(0x800, new int[0], (byte) 1), idx(0x801, new int[] {-1}), idx(0x801, new int[] {Integer.MAX_VALUE}),
            idx(0x802, new int[] {65536, 65536}), gzip(idx(0x801, new int[] {Integer.MAX_VALUE - 100})),
            idx(0x01000801, new int[] {1}, (byte) 0)}) {
            Path file = Files.write(folder.resolve("bad"), bad);
            assertTrue(assertThrows(FormatException.class, () -> Idx.read(file)).getMessage().contains("bad"));
        }
    }
}
