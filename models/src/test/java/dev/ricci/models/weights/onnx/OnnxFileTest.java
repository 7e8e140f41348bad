package dev.ricci.models.weights.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {
    @TempDir
    Path folder;

    /** A model with an initialiser in every field that can hold elements, and nodes with every kind of attribute. */
    static byte[] valid() {
        OnnxBytes attribute = new OnnxBytes();
        OnnxBytes node = OnnxBytes.node("/a/b/MatMul", "MatMul", "y", "x", "onnx::MatMul_1")
                .message(5, new OnnxBytes().text(1, "f").fixed32(2, 1.5f).varint(20, 1))
                .message(5, new OnnxBytes().text(1, "i").varint(3, -7).varint(20, 2))
                .message(5, new OnnxBytes().text(1, "s").text(4, "hi").varint(20, 3))
                .message(5, new OnnxBytes().text(1, "floats").bytes(7, OnnxBytes.floats(1, 2)).fixed32(7, 3).varint(20, 6))
                .message(5, new OnnxBytes().text(1, "ints").packed(8, 1, -2).varint(8, 300).varint(20, 7))
                .message(5, new OnnxBytes().text(1, "strings").text(9, "a").text(9, "").varint(20, 8))
                .message(5, attribute.text(1, "t").message(5, new OnnxBytes()).varint(20, 4));
        OnnxBytes graph = new OnnxBytes().message(1, node).text(2, "g")
                .message(5, OnnxBytes.tensor("raw", 1, 2, 1).bytes(9, OnnxBytes.floats(1, -2)))
                .message(5, OnnxBytes.tensor("onnx::MatMul_1", 1, 2, 3).bytes(4, OnnxBytes.floats(1, 2, 3, 4, 5, 6)))
                .message(5, OnnxBytes.tensor("apart", 1, 3).fixed32(4, 1).fixed32(4, 2).fixed32(4, 3))
                .message(5, new OnnxBytes().packed(1, 2).varint(2, 7).text(8, "longs").packed(7, -1, 1L << 40))
                .message(5, OnnxBytes.tensor("alone", 7, 2).varint(7, -5).varint(7, 6))
                .message(5, OnnxBytes.tensor("int", 6, 2).packed(5, -1, 70000))
                .message(5, OnnxBytes.tensor("byte", 3, 1).packed(5, -3))
                .message(5, OnnxBytes.tensor("bool", 9, 2).packed(5, 1, 0))
                .message(5, OnnxBytes.tensor("half", 10, 1).packed(5, 0x3C00))
                .message(5, OnnxBytes.tensor("unsigned", 12, 1).packed(11, 4294967295L))
                .message(5, OnnxBytes.tensor("scalar", 1).bytes(9, OnnxBytes.floats(9)))
                .message(5, OnnxBytes.tensor("empty", 1, 0, 4));
        return OnnxBytes.model(graph);
    }

    private OnnxFile open(byte[] bytes) throws IOException {
        return OnnxFile.open(Files.write(folder.resolve("hostile.onnx"), bytes));
    }

    @Test
    void readsElementsFromEveryField() throws IOException {
        try (OnnxFile f = open(valid())) {
            for (String name : f.names()) {
                assertEquals(f.spec(name), f.tensor(name).spec(), name);
            }
            assertEquals("F32[2, 1]", f.spec("raw").toString());
            assertArrayEquals(new float[] {1, -2}, f.tensor("raw").toFloatArray());
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, f.tensor("onnx::MatMul_1").toFloatArray());
            assertArrayEquals(new float[] {1, 2, 3}, f.tensor("apart").toFloatArray());
            assertArrayEquals(new double[] {-1, 1L << 40}, f.tensor("longs").toDoubleArray());
            assertArrayEquals(new double[] {-5, 6}, f.tensor("alone").toDoubleArray());
            assertArrayEquals(new double[] {-1, 70000}, f.tensor("int").toDoubleArray());
            assertEquals(-3, f.tensor("byte").toDoubleArray()[0]);
            assertEquals(DType.BOOL, f.spec("bool").dtype());
            assertEquals(1, f.tensor("half").to(DType.F32).toFloatArray()[0]);
            assertEquals(4294967295.0, f.tensor("unsigned").toDoubleArray()[0]);
            assertEquals(9, f.tensor("scalar").item());
            assertEquals(Shape.of(0, 4), f.tensor("empty").shape());
        }
    }

    @Test
    void readsNodesAndAttributes() throws IOException {
        try (OnnxFile f = open(valid())) {
            OnnxNode n = f.nodes().getFirst();
            assertEquals("MatMul(x, onnx::MatMul_1) -> y", n.toString());
            assertEquals("/a/b/MatMul", n.name());
            assertEquals(1.5f, n.attributes().get("f"));
            assertEquals(-7L, n.attributes().get("i"));
            assertEquals("hi", n.attributes().get("s"));
            assertArrayEquals(new float[] {1, 2, 3}, (float[]) n.attributes().get("floats"));
            assertArrayEquals(new long[] {1, -2, 300}, (long[]) n.attributes().get("ints"));
            assertEquals(List.of("a", ""), n.attributes().get("strings"));
            assertEquals(Set.of("f", "i", "s", "floats", "ints", "strings"), n.attributes().keySet());
            assertEquals(List.of("onnx::MatMul_1"), f.initializersOf("MatMul"));
            assertEquals(List.of(), f.initializersOf("Gemm"));
        }
    }

    @Test
    void namesLinearWeightsByTheirBiasOrTheirNode() throws IOException {
        OnnxBytes graph = new OnnxBytes()
                .message(1, OnnxBytes.node("", "MatMul", "y", "x", "onnx::MatMul_1"))
                .message(1, OnnxBytes.node("", "Add", "z", "q.bias", "y"))
                .message(1, OnnxBytes.node("/layer.0/head/MatMul_2", "MatMul", "u", "z", "onnx::MatMul_2"))
                .message(1, OnnxBytes.node("", "MatMul", "v", "u", "onnx::MatMul_3"))
                .message(5, OnnxBytes.tensor("q.bias", 1, 2).bytes(9, OnnxBytes.floats(0, 0)))
                .message(5, OnnxBytes.tensor("onnx::MatMul_1", 1, 1, 2).bytes(9, OnnxBytes.floats(1, 2)))
                .message(5, OnnxBytes.tensor("onnx::MatMul_2", 1, 2, 2).bytes(9, OnnxBytes.floats(1, 2, 3, 4)))
                .message(5, OnnxBytes.tensor("onnx::MatMul_3", 1, 2, 1).bytes(9, OnnxBytes.floats(1, 2)))
                .message(5, OnnxBytes.tensor("onnx::Slice_4", 7, 1).packed(7, 1));
        try (OnnxWeights w = new OnnxWeights(open(OnnxBytes.model(graph)))) {
            assertEquals(List.of("layer.0.head.weight", "onnx::MatMul_3", "q.bias", "q.weight"),
                    List.copyOf(w.names()));
            assertEquals(Shape.of(2, 1), w.spec("q.weight").shape());
            assertEquals(w.spec("q.weight"), w.tensor("q.weight").spec());
            assertArrayEquals(new float[] {1, 3, 2, 4}, w.tensor("layer.0.head.weight").toFloatArray());
            assertEquals("onnx::MatMul_2", w.initializer("layer.0.head.weight"));
            assertThrows(TensorException.class, () -> w.tensor("none"));
        }
    }

    @Test
    void findsTheWeightsOfAPublishedEncoder() throws IOException {
        Path file = folder.resolve("minilm.onnx");
        try (var in = OnnxFileTest.class.getResourceAsStream("/all-minilm-l6-v2.onnx")) {
            Files.copy(in, file);
        }
        try (OnnxFile f = OnnxFile.open(file); OnnxWeights w = new OnnxWeights(f)) {
            assertEquals(22_713_216, w.names().stream().map(w::spec).filter(s -> s.dtype() == DType.F32)
                    .mapToLong(s -> s.shape().size()).sum());
            List<String> inOrder = f.initializersOf("MatMul");
            assertEquals(36, inOrder.size());
            String[] parts = {"attention.self.query", "attention.self.key", "attention.self.value",
                "attention.output.dense", "intermediate.dense", "output.dense"};
            for (int i = 0; i < 36; i++) {
                String path = "encoder.layer." + i / 6 + "." + parts[i % 6];
                assertEquals(inOrder.get(i), w.initializer(path + ".weight"));
                assertEquals(w.spec(path + ".bias").shape().dim(0), w.spec(path + ".weight").shape().dim(0), path);
                assertEquals(i % 6 == 5 ? 1536 : 384, w.spec(path + ".weight").shape().dim(1), path);
            }
            // Nothing is left unnamed; position ids are a buffer of the exported model.
            assertTrue(w.names().stream().noneMatch(name -> name.startsWith("onnx::")));
            assertEquals(Shape.of(30522, 384), w.spec("embeddings.word_embeddings.weight").shape());
            Tensor q = w.tensor("encoder.layer.0.attention.self.query.weight");
            Tensor stored = f.tensor(inOrder.getFirst());
            assertEquals(stored.toFloatArray()[1], q.toFloatArray()[384], "transposed");
        }
    }

    @Test
    void saysWhatIsMissingAndWhenClosed() throws IOException {
        OnnxFile f = open(valid());
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("none")).getMessage().contains("'none'"));
        f.close();
        f.close();
        assertTrue(assertThrows(TensorException.class, () -> f.tensor("raw")).getMessage().contains("closed"));
        assertThrows(IOException.class, () -> OnnxFile.open(folder.resolve("none.onnx")));
    }

    private void refused(String says, byte[] bytes) {
        FormatException e = assertThrows(FormatException.class, () -> open(bytes).close(), says);
        assertTrue(e.getMessage().contains(says) && e.getMessage().contains("hostile.onnx"), e.getMessage());
    }

    private void refused(String says, OnnxBytes tensor) {
        refused(says, OnnxBytes.model(new OnnxBytes().message(5, tensor)));
    }

    @Test
    void refusesHostileFiles() {
        byte[] four = new byte[4];
        refused("no graph", new byte[0]);
        refused("no graph", new OnnxBytes().varint(1, 8).toBytes());
        refused("two graphs", new OnnxBytes().message(7, new OnnxBytes()).message(7, new OnnxBytes()).toBytes());
        refused("wire type 3", new byte[] {(byte) (7 << 3 | 3)});
        refused("field 0", new byte[] {0, 0});
        refused("truncated", new byte[] {7 << 3 | 2, 5, 0});
        refused("truncated", new OnnxBytes().raw(7 << 3 | 2).raw(-1).toBytes());
        refused("no end of an integer", new byte[] {(byte) 0x80});
        byte[] endless = new byte[20];
        Arrays.fill(endless, (byte) 0x80);
        refused("no end of an integer", endless);
        refused("wire type 0, expected 2", new OnnxBytes().varint(7, 1).toBytes());
        refused("UTF-8", OnnxBytes.model(new OnnxBytes().message(1, new OnnxBytes().bytes(4, new byte[] {-1}))));
        refused("sparse", OnnxBytes.model(new OnnxBytes().message(15, new OnnxBytes())));
        refused("takes 8 bytes, the file has 4", OnnxBytes.tensor("t", 1, 2).bytes(9, four));
        refused("takes 4 bytes, the file has 0", OnnxBytes.tensor("t", 1, 1));
        refused("sizes must lie in", OnnxBytes.tensor("t", 1, -1).bytes(9, four));
        refused("sizes must lie in", OnnxBytes.tensor("t", 1, 1L << 32).bytes(9, four));
        refused("more elements than", OnnxBytes.tensor("t", 1, 1 << 16, 1 << 16).bytes(9, four));
        refused("more than 64 axes", OnnxBytes.tensor("t", 1, new long[65]).bytes(9, four));
        refused("data type 8", OnnxBytes.tensor("t", 8, 1).bytes(6, four));
        refused("data type 0", OnnxBytes.tensor("t", 0, 1).bytes(9, four));
        refused("another file", OnnxBytes.tensor("t", 1, 1).varint(14, 1));
        refused("do not stand where", OnnxBytes.tensor("t", 1, 1).packed(7, 1));
        refused("do not stand where", OnnxBytes.tensor("t", 7, 1).packed(5, 1));
        refused("do not stand where", OnnxBytes.tensor("t", 1, 2).bytes(9, four).bytes(4, four));
        refused("two initialisers are called 't'", OnnxBytes.model(new OnnxBytes()
                .message(5, OnnxBytes.tensor("t", 1, 0)).message(5, OnnxBytes.tensor("t", 1, 0))));
    }

    @Test
    void refusesEveryTruncation() {
        byte[] valid = valid();
        for (int length = 0; length < valid.length; length++) {
            int cut = length;
            assertThrows(FormatException.class, () -> open(Arrays.copyOf(valid, cut)).close(), "" + length);
        }
    }
}
