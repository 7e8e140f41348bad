package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
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

    @Test
    void nothingIsLaunchedForNothing() {
        assertEquals(List.of(), sum(0, 7));
        Value x = Arena.dense(0, DType.I64, Shape.of(0, 3));
        Arena arena = new Arena();
        arena.add(x.buffer());
        assertEquals(List.of(), Launches.of(new Instruction(new Movement.Copy(), List.of(x), List.of(x)), arena));
    }
}
