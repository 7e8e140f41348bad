package dev.ricci.tensor.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.cpu.Threads;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights kept as stored: the same numbers as decoded ones, and products with the same bits. */
class WeightStorageTest {
    private static final int ROWS = 75;
    private static final int COLUMNS = 768;

    /** Random bits, with scales of a usual size. */
    private static byte[] bytes(WeightType type, int elements) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(type.ordinal());
        byte[] b = new byte[(int) type.bytes(elements)];
        random.nextBytes(b);
        for (int i = 0; i < b.length; i += type.blockBytes()) {
            float v = (float) random.nextGaussian();
            switch (type) {
                case F32 -> Block.putInt(b, i, Float.floatToRawIntBits(v));
                case F16 -> Block.putShort(b, i, Float.floatToFloat16(v));
                case BF16 -> Block.putShort(b, i, (short) (Float.floatToRawIntBits(v) >> 16));
                default -> {
                    Block.putShort(b, type == WeightType.Q6_K ? i + 208 : i, Float.floatToFloat16(v / 64));
                    if (type.hasMinimum()) {
                        Block.putShort(b, i + 2, Float.floatToFloat16((float) random.nextGaussian() / 64));
                    }
                }
            }
        }
        return b;
    }

    private static WeightStorage.Source source(byte[] b) {
        return (from, to, n) -> System.arraycopy(b, (int) from, to, 0, n);
    }

    private static Tensor stored(WeightType type, int width) {
        return WeightStorage.tensor(type, Shape.of(ROWS, COLUMNS), width, source(bytes(type, ROWS * COLUMNS)));
    }

    private static Tensor decoded(WeightType type) {
        float[] to = new float[ROWS * COLUMNS];
        BlockDecoder.decode(type, MemorySegment.ofArray(bytes(type, to.length)), to, 0, to.length);
        return Tensor.wrap(to, Shape.of(ROWS, COLUMNS));
    }

    private static List<CpuBackend> kernels() {
        return List.of(CpuBackend.plain(), CpuBackend.vector());
    }

    /** The same bits, but for the sign of a zero. */
    private static void assertSame(Tensor expected, Tensor actual, String what) {
        assertArrayEquals(expected.add(0).toFloatArray(), actual.add(0).toFloatArray(), what);
    }

    @ParameterizedTest
    @EnumSource
    void holdsWhatTheFileHolds(WeightType type) {
        Tensor ids = Tensor.ofInts(new int[] {0, ROWS - 1, 33, 32, 31, 0}, 2, 3);
        Tensor few = Tensor.ofInts(new int[] {36, 0, 29, 28});
        for (int width : new int[] {1, 4, 16, 32}) {
            Tensor w = stored(type, width);
            assertSame(decoded(type), w, type + " in panels of " + width);
            assertEquals(type.bytes((ROWS + width - 1L) / width * width * COLUMNS),
                    ((WeightStorage) w.storage()).bytes());
            assertSame(decoded(type).indexSelect(0, ids), Functional.embedding(w, ids), "rows of " + type);
            assertSame(decoded(type).slice(0, 3, 40).indexSelect(0, few),
                    w.slice(0, 3, 40).indexSelect(0, few), "rows of a part of " + type);
        }
    }

    @ParameterizedTest
    @EnumSource
    void productsHaveTheBitsOfDecodedWeights(WeightType type) {
        Tensor x = Rng.of(1).normal(200, COLUMNS);
        Tensor bias = Rng.of(2).normal(ROWS);
        for (CpuBackend kernels : kernels()) {
            Backends.with(kernels, () -> {
                Tensor w = stored(type, kernels.panelColumns());
                Tensor expected = Functional.linear(x, decoded(type), bias);
                for (int rows : new int[] {1, 2, 3, 7, 16, 200}) {
                    Tensor y = Threads.limit(1 + rows % 2,
                            () -> Functional.linear(x.slice(0, 0, rows), w, bias));
                    assertSame(expected.slice(0, 0, rows), y, kernels.name() + " " + type + " " + rows + " rows");
                }
                Tensor g = expected.slice(0, 0, 5);
                assertSame(g.matmul(decoded(type)), g.matmul(w), "not transposed");
                Tensor other = stored(type, 8);
                assertSame(expected, Functional.linear(x, other, bias), "panels of another kernel");
                return null;
            });
        }
    }

    @Test
    void quantisesAndPacksMatrices() {
        Tensor m = Rng.of(3).normal(40, 64);
        for (WeightType type : WeightType.values()) {
            if (BlockEncoder.supports(type)) {
                Tensor w = WeightStorage.encode(m, type);
                double worst = w.sub(m).abs().max().item();
                assertTrue(worst <= switch (type) {
                    case F32 -> 0;
                    case F16 -> 2e-3;
                    case BF16, Q8_0 -> 2e-2;
                    default -> 0.5;
                }, type + ": " + worst);
            } else {
                assertThrows(TensorException.class, () -> WeightStorage.encode(m, type));
            }
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThrows(TensorException.class, () -> WeightStorage.encode(Tensor.zeros(2, 33), WeightType.Q8_0));
        assertThrows(TensorException.class, () -> WeightStorage.encode(Tensor.zeros(32), WeightType.F32));
        assertThrows(TensorException.class,
                () -> WeightStorage.tensor(WeightType.F16, Shape.of(1 << 15, 1 << 16), source(new byte[0])));
        Variable v = Variable.over("w", WeightStorage.encode(Tensor.zeros(2, 32), WeightType.Q8_0));
        String message = assertThrows(TensorException.class, () -> v.assign(Tensor.zeros(2, 32))).getMessage();
        assertTrue(message.contains("Q8_0") && message.contains("F32"), message);
        assertEquals(0, v.value().abs().max().item());
    }
}
