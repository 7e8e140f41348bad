package dev.ricci.models.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufFile;
import dev.ricci.models.weights.gguf.GgufTensorInfo;
import dev.ricci.models.weights.gguf.GgufType;
import dev.ricci.models.weights.gguf.GgufWriter;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Files of every type of block, filled with random bytes, against llama.cpp on the same files; see {@link OracleTest} for
 * how its logits came here.
 */
class BlockOracleTest {
    private static final int WIDTH = 256;
    private static final DecoderConfig CONFIG = DecoderConfig.llama(OracleModels.IDS, 64, 2, 4, 2, WIDTH, WIDTH);

    private static final int PER_TOKEN = OracleModels.IDS / 18;
    /** Positions before an element falls to the other side; all positions for the types that are not here. */
    private static final Map<GgufType, Integer> SAME = Map.of(GgufType.Q4_1, 19, GgufType.Q5_1, 12, GgufType.Q4_K, 18,
            GgufType.BF16, 5);

    @TempDir
    static Path usualFolder;
    private static GgufFile usual;

    @TempDir
    Path temporary;

    /** What stands in a tensor of the file. */
    private interface Filler {
        void add(GgufWriter out, GgufTensorInfo tensor);
    }

    @BeforeAll
    static void writeUsual() throws IOException {
        Path file = usualFolder.resolve("usual.gguf");
        GgufConverter.decoder("usual", CONFIG, OracleModels.model(CONFIG).stateDict(), GgufType.F32,
                OracleModels.vocabulary()).write(file);
        usual = GgufFile.open(file);
    }

    @AfterAll
    static void closeUsual() {
        usual.close();
    }

    private Path write(String name, Filler filler) throws IOException {
        Path file = OracleModels.folder(temporary).resolve(name + ".gguf");
        GgufWriter out = new GgufWriter(usual.metadata());
        usual.tensors().forEach(t -> filler.add(out, t));
        out.write(file);
        return file;
    }

    private static void addBlocks(GgufWriter out, GgufType type, GgufTensorInfo t, double deviation) {
        out.addBlocks(t.name(), type, t.shape(), MemorySegment.ofArray(
                RandomBlocks.of(type, t.shape().size(), deviation, t.name().hashCode() + type.id())));
    }

    /** In every product, decoded as it is read, or before: then logits are the same to the bit. */
    private static float[] logits(Path file) throws IOException {
        LanguageModel stored = LanguageModel.load(file, LoadOptions.usual().withWeights(LoadOptions.Weights.AS_STORED));
        float[] logits = OracleModels.logits(LanguageModel.load(file).decoder()).toFloatArray();
        assertArrayEquals(logits, OracleModels.logits(stored.decoder()).toFloatArray());
        assertTrue(stored.decoder().parameters().values().stream().filter(p -> p.spec().shape().rank() == 2)
                .noneMatch(Parameter::isTrainable), "kept as stored");
        return logits;
    }

    /**
     * How far logits are from llama.cpp's.
     *
     * @param usual root of the mean square, in units of theirs
     * @param same the number of positions before the first that is not the same to all of the golden numbers' decimals
     */
    private record Difference(double usual, int same) {
        static Difference of(String name, IntToDoubleFunction logits) throws IOException {
            List<?> expected = (List<?>) OracleModels.golden().get(name);
            assertEquals(OracleModels.TOKENS * PER_TOKEN, expected.size());
            double size = 0;
            double squares = 0;
            int same = expected.size();
            for (int i = expected.size() - 1; i >= 0; i--) {
                double e = ((Number) expected.get(i)).doubleValue();
                double d = e - logits.applyAsDouble(18 * i);
                size += e * e;
                squares += d * d;
                same = Math.abs(d) > 6e-5 ? i : same;
            }
            return new Difference(Math.sqrt(squares / size), same / PER_TOKEN);
        }
    }

    /**
     * llama.cpp rounds what quantised weights are multiplied with to 8 bits, and to BF16 for weights of that type; Ricci
     * does not. Half a step of 127 is half a percent of a block's usual elements, which products behind one another make
     * three of the logits. With the same rounding, in plain loops over what is decoded here, they are the same until an
     * element falls to the other side, as sums in another order let some do.
     */
    @ParameterizedTest
    @EnumSource
    void everyMatrixOfRandomBlocks(GgufType type) throws IOException {
        String name = "blocks-" + type;
        Path file = write(name, (out, t) -> {
            if (t.shape().rank() == 2) {
                addBlocks(out, type, t, t.name().contains("embd") ? 0.5 : 1.5 / Math.sqrt(WIDTH));
            } else {
                out.add(t.name(), GgufType.F32, usual.tensor(t.name()));
            }
        });
        float[] logits = logits(file);
        double[] slow;
        try (GgufFile in = GgufFile.open(file)) {
            slow = new RoundedLlama(CONFIG, in, type).logits(OracleModels.ids());
        }
        Difference rounded = Difference.of(name, i -> slow[i]);
        assertTrue(rounded.same >= SAME.getOrDefault(type, OracleModels.TOKENS), name + " rounded: " + rounded);
        Difference exact = Difference.of(name, i -> logits[i]);
        assertTrue(exact.usual < (type.isQuantised() ? 0.04 : type == GgufType.BF16 ? 0.005 : 4e-5), name + ": " + exact);
    }

    /** Blocks are the embedding, layers add nothing, and the head picks elements of normalised rows. */
    @ParameterizedTest
    @EnumSource
    void rowsOfRandomBlocks(GgufType type) throws IOException {
        String name = "rows-" + type;
        Path file = write(name, (out, t) -> {
            switch (t.name()) {
                case "token_embd.weight" -> addBlocks(out, type, t, 0.5);
                case "output_norm.weight" -> out.add(t.name(), GgufType.F32, Tensor.ones(WIDTH));
                case "output.weight" -> {
                    float[] head = new float[t.shape().size()];
                    for (int id = 0; id < OracleModels.IDS; id++) {
                        head[WIDTH * id + 17 * id / 18 % WIDTH] = 1;
                    }
                    out.add(t.name(), GgufType.F32, Tensor.wrap(head, t.shape()));
                }
                default -> out.add(t.name(), GgufType.F32, t.name().matches(".*(attn_output|ffn_down).*")
                        ? Tensor.zeros(t.shape().toArray()) : usual.tensor(t.name()));
            }
        });
        float[] logits = logits(file);
        assertEquals(OracleModels.TOKENS, Difference.of(name, i -> logits[i]).same, name);
    }
}
