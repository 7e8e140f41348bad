package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchTest {
    private static final int[] BOTH = {Params.STRIDES_A, Params.STRIDES_B};

    private static int[] ints(Launch launch, int from, int count) {
        return Arrays.copyOfRange(launch.ints(), from, from + count);
    }

    @Test
    void denseOperandsMergeIntoOneAxis() {
        Layout dense = Layout.dense(Shape.of(2, 3, 4));
        Launch launch = new Launch(Kernel.BINARY, new Arena()).over(dense.shape(), BOTH, dense, dense);
        assertEquals(1, launch.ints()[Params.RANK]);
        assertEquals(24, launch.ints()[Params.DIMS]);
        assertEquals(1, launch.ints()[Params.STRIDES_A]);
    }

    @Test
    void axesMergeOnlyWhereAllOperandsAllow() {
        Layout dense = Layout.dense(Shape.of(2, 3, 4));
        Layout row = Layout.dense(Shape.of(1, 3, 4)).expand(Shape.of(2, 3, 4));
        Launch launch = new Launch(Kernel.BINARY, new Arena()).over(dense.shape(), BOTH, dense, row);
        assertEquals(2, launch.ints()[Params.RANK]);
        assertArrayEquals(new int[] {2, 12}, ints(launch, Params.DIMS, 2));
        assertArrayEquals(new int[] {12, 1}, ints(launch, Params.STRIDES_A, 2));
        assertArrayEquals(new int[] {0, 1}, ints(launch, Params.STRIDES_B, 2));
    }

    @Test
    void tooManyAxesAreRefusedWithTheRemedy() {
        int[] sizes = new int[10];
        Arrays.fill(sizes, 2);
        int[] order = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
        Layout odd = Layout.dense(Shape.of(sizes)).permute(order);
        String message = assertThrows(TensorException.class, () -> new Launch(Kernel.UNARY, new Arena())
                .over(odd.shape(), new int[] {Params.STRIDES_A}, odd)).getMessage();
        assertTrue(message.contains("more than 8 axes") && message.contains("copy"), message);
    }

    private static List<Launch> sum(int rows, int columns) {
        Value x = Arena.dense(0, DType.F32, Shape.of(rows, columns));
        Value y = Arena.dense(1, DType.F32, Shape.of(rows));
        Arena arena = new Arena();
        arena.add(x.buffer());
        arena.add(y.buffer());
        return Launches.of(new Instruction(new Reduction.Reduce(ReduceKind.SUM, Ints.of(1), false), List.of(x),
                List.of(y)), arena);
    }

    @Test
    void longRowsGetAGroupEachAndShortOnesAnItem() {
        Launch group = sum(5, 1000).getFirst();
        assertEquals(Kernel.REDUCE, group.kernel());
        assertEquals(5, group.groupsX());
        Launch item = sum(1000, 5).getFirst();
        assertEquals(Kernel.REDUCE_FEW, item.kernel());
        assertEquals(4, item.groupsX());
        assertEquals(5, item.ints()[Params.FIRST]);
        assertEquals(5000, item.ints()[Params.OUT]);
    }

    private static Launch product(Value a, Value b, Shape result) {
        Value y = Arena.dense(2, DType.F32, result);
        Arena arena = new Arena();
        for (Value v : List.of(a, b, y)) {
            arena.add(v.buffer());
        }
        List<Launch> made = Launches.of(new Instruction(new Contraction.MatMul(), List.of(a, b), List.of(y)), arena);
        assertEquals(1, made.size());
        return made.getFirst();
    }

    @Test
    void productsGetTilesByTheirSize() {
        assertEquals(Kernel.MATMUL_FEW, ContractionLaunches.matMul(1, 8, 4096, 4096));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(1, 9, 4096, 4096));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(100, 1, 31, 128));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(100, 1, 32, 127));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(1, 384, 512, 64));
        assertEquals(Kernel.MATMUL_LARGE, ContractionLaunches.matMul(1, 385, 512, 64));
        assertEquals(Kernel.MATMUL_LARGE, ContractionLaunches.matMul(16, 64, 64, 64));
        assertEquals(Kernel.MATMUL, ContractionLaunches.matMul(16, 63, 64, 64));
        // More tiles than an int counts are not fewer.
        assertEquals(Kernel.MATMUL_LARGE, ContractionLaunches.matMul(1, Integer.MAX_VALUE - 127, 1 << 20, 1));
    }

    @Test
    void groupsOfAProductCoverItAndReadWhatLiesSideBySide() {
        Value a = Arena.dense(0, DType.F32, Shape.of(4, 130, 7));
        Value b = Arena.dense(1, DType.F32, Shape.of(4, 300, 7));
        Value turned = new Value(b.buffer(), b.layout().permute(new int[] {0, 2, 1}));
        Launch large = product(a, turned, Shape.of(4, 130, 300));
        assertEquals(Kernel.MATMUL_LARGE, large.kernel());
        assertEquals(4 * 2 * 3, large.groupsX());
        assertEquals(0, large.ints()[Params.THIRD]);
        assertEquals(1, large.ints()[Params.EXTRA]);
        Value c = Arena.dense(0, DType.F32, Shape.of(2, 17, 7));
        Value d = Arena.dense(1, DType.F32, Shape.of(2, 7, 40));
        Launch small = product(c, d, Shape.of(2, 17, 40));
        assertEquals(Kernel.MATMUL, small.kernel());
        assertEquals(2 * 2 * 3, small.groupsX());
        Value e = Arena.dense(0, DType.F32, Shape.of(3, 2, 200));
        Value f = Arena.dense(1, DType.F32, Shape.of(3, 200, 70));
        Launch few = product(e, f, Shape.of(3, 2, 70));
        assertEquals(Kernel.MATMUL_FEW, few.kernel());
        assertEquals(3 * 3, few.groupsX());
        assertEquals(0, few.ints()[Params.EXTRA]);
    }

    @Test
    void nothingIsLaunchedForNothing() {
        assertEquals(List.of(), sum(0, 7));
        Value x = Arena.dense(0, DType.I64, Shape.of(0, 3));
        Arena arena = new Arena();
        arena.add(x.buffer());
        assertEquals(List.of(), Launches.of(new Instruction(new Movement.Copy(), List.of(x), List.of(x)), arena));
    }
}
