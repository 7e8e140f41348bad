package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A chain in one kernel has the bits of its ops in a kernel each. */
class GpuFusionTest {
    private static final int CHAINS = 30;

    private static TornadoHalf half;

    @BeforeAll
    static void deviceIsThere() {
        half = new TornadoHalf();
        String reason = half.unavailable();
        Assumptions.assumeTrue(reason == null, () -> "no device: " + reason);
    }

    private static int[] bits(Graph graph, List<Instruction> instructions, List<Tensor> inputs) {
        Arena arena = new Arena();
        graph.inputs().forEach(v -> arena.add(v.buffer()));
        for (Instruction i : instructions) {
            i.inputs().forEach(v -> arena.add(v.buffer()));
            i.outputs().forEach(v -> arena.add(v.buffer()));
        }
        arena.allocate();
        for (int i = 0; i < inputs.size(); i++) {
            upload(arena, (HeapStorage) inputs.get(i).storage(), graph.inputs().get(i).buffer());
        }
        graph.buffers(Buffer.Kind.HELD).forEach(b -> upload(arena, (HeapStorage) b.held(), b));
        for (Instruction i : instructions) {
            run(i, arena);
        }
        Value result = graph.results().getFirst();
        Tensor y = Tensor.zeros(result.layout().shape().toArray());
        arena.download(result, new Operand(y.storage(), y.layout()));
        float[] values = y.toFloatArray();
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** Of an array that a kernel only writes, the rest comes back as garbage: TornadoVM does not copy it there. */
    private static void run(Instruction i, Arena arena) {
        float[] floats = arena.floats().clone();
        int[] ints = arena.ints().clone();
        half.run(Launches.of(i, arena), arena);
        for (Value v : i.outputs()) {
            int at = arena.offset(v);
            int type = Memory.type(v.buffer().dtype());
            System.arraycopy(type == 0 ? arena.floats() : arena.ints(), at, type == 0 ? floats : ints, at,
                    v.layout().shape().size());
        }
        System.arraycopy(floats, 0, arena.floats(), 0, floats.length);
        System.arraycopy(ints, 0, arena.ints(), 0, ints.length);
    }

    private static void upload(Arena arena, HeapStorage from, Buffer to) {
        Layout whole = Layout.dense(Shape.of(to.size()));
        arena.upload(new Operand(from, whole), new Value(to, whole));
    }

    private static int check(Function<List<Tensor>, Tensor> step, List<Tensor> inputs) {
        Graph graph = Program.capture("chain", in -> List.of(step.apply(in)), inputs).graph();
        List<Instruction> fused = Fusion.of(graph.instructions());
        assertArrayEquals(bits(graph, graph.instructions(), inputs), bits(graph, fused, inputs),
                () -> fused.stream().map(i -> i.op().name()).toList().toString());
        return graph.instructions().size() - fused.size();
    }

    /** Chains of random ops; among the operands are NaN, infinity, zeros of both signs, rows, columns and numbers. */
    @Test
    void fusedIsUnfused() {
        int saved = 0;
        for (int seed = 0; seed < CHAINS; seed++) {
            Random random = new Random(seed);
            float[] values = Rng.of(seed).normal(7, 9).toFloatArray();
            values[random.nextInt(63)] = Float.NaN;
            values[random.nextInt(63)] = Float.NEGATIVE_INFINITY;
            values[random.nextInt(63)] = -0f;
            values[random.nextInt(63)] = 0f;
            List<Tensor> inputs = List.of(Tensor.of(values, 7, 9), Rng.of(seed + 1).normal(7, 9),
                    Rng.of(seed + 2).normal(9), Rng.of(seed + 3).normal(7, 1), Rng.of(seed + 4).uniform());
            saved += check(in -> chain(random, in), inputs);
        }
        assertTrue(saved > 3 * CHAINS, "only " + saved + " ops were fused");
    }

    private static Tensor chain(Random random, List<Tensor> in) {
        Tensor y = in.getFirst();
        for (int s = 3 + random.nextInt(7); s > 0; s--) {
            Tensor other = in.get(1 + random.nextInt(4)).expand(7, 9);
            y = switch (random.nextInt(9)) {
                case 0 -> Tensor.apply(new Elementwise.Unary(unary(random)), y);
                case 1 -> Tensor.apply(new Elementwise.UnaryBackward(activation(random)), other, y);
                case 2 -> Tensor.apply(new Elementwise.Gate(activation(random)), y, other);
                case 3 -> Tensor.apply(new Elementwise.Compare(CompareKind.values()[random.nextInt(6)]), y, other)
                        .to(DType.F32);
                case 4 -> Tensor.apply(new Elementwise.Where(), Tensor.apply(new Elementwise.Unary(UnaryKind.IS_FINITE),
                        other), y, other);
                case 5 -> y.to(random.nextBoolean() ? DType.F16 : DType.BF16).to(DType.F32);
                case 6 -> Tensor.apply(new Elementwise.Where(), Tensor.apply(new Elementwise.Unary(UnaryKind.IS_NAN), y),
                        other, in.get(1));
                // A product and a sum of it must not become one rounding.
                case 7 -> y.mul(other).add(in.get(1));
                default -> Tensor.apply(new Elementwise.Binary(BinaryKind.values()[random.nextInt(8)]), other, y);
            };
        }
        return y;
    }

    private static UnaryKind unary(Random random) {
        return UnaryKind.values()[random.nextInt(UnaryKind.LOGICAL_NOT.ordinal())];
    }

    private static UnaryKind activation(Random random) {
        return List.of(UnaryKind.GELU, UnaryKind.GELU_TANH, UnaryKind.SILU).get(random.nextInt(3));
    }
}
