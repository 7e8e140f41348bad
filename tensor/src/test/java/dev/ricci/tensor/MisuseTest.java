package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.op.Movement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Extreme sizes and misuse: one family of exceptions that names the op, and never a wrong result. */
class MisuseTest {
    private static final int MAX = Integer.MAX_VALUE;

    private static <E extends TensorException> void refused(Class<E> type, String start, Executable call) {
        String message = assertThrows(type, call).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    @Test
    void aNumberThatAnIntegerTypeDoesNotHoldIsRefused() {
        Tensor ids = Tensor.arange(3);
        refused(DTypeException.class, "add: 0.5 is no value of I32", () -> ids.add(0.5));
        refused(DTypeException.class, "eq: 0.5 is no value of I32", () -> ids.eq(0.5));
        refused(DTypeException.class, "lt: 2.5 is no value of I64", () -> ids.to(DType.I64).lt(2.5));
        refused(DTypeException.class, "eq: 256.0 is no value of U8", () -> ids.to(DType.U8).eq(256));
        refused(DTypeException.class, "eq: -1.0 is no value of U8", () -> ids.to(DType.U8).eq(-1));
        refused(DTypeException.class, "mul: 2.147483648E9 is no value of I32", () -> ids.mul(0x1p31));
        refused(DTypeException.class, "max: NaN is no value of I32", () -> ids.maximum(Double.NaN));
        refused(DTypeException.class, "masked_fill: -Infinity is no value of I32",
                () -> ids.maskedFill(ids.eq(1), Double.NEGATIVE_INFINITY));
        assertArrayEquals(new int[] {-3, -2, -1}, ids.add(-3).toIntArray());
        assertArrayEquals(new int[] {0, 0, 1}, ids.to(DType.U8).eq(2).toIntArray());
        assertArrayEquals(new int[] {7, 1, 2}, ids.maskedFill(ids.eq(0), 7).toIntArray());
        assertArrayEquals(new long[] {-3, -2, -1}, ids.to(DType.I64).sub(3).toLongArray());
        assertEquals(Float.POSITIVE_INFINITY, Tensor.scalar(0).maximum(Double.POSITIVE_INFINITY).item());
    }

    @Test
    void sizesThatOverflowAreRefused() {
        refused(ShapeException.class, "pad: axis 0", () -> Tensor.zeros(2).pad(0, MAX, 2, 0));
        refused(ShapeException.class, "repeat: 2147483647 times", () -> Tensor.zeros(0, 3).repeat(1, MAX));
        refused(ShapeException.class, "max_pool2d: a kernel of 3 with dilation 2147483647",
                () -> Functional.maxPool2d(Tensor.zeros(1, 1, 4, 4), 3, 3, new Window(1, 1, 0, 0, MAX, MAX)));
        refused(ShapeException.class, "conv2d: 4 elements with padding 2147483647", () -> Functional.conv2d(
                Tensor.zeros(1, 1, 4, 4), Tensor.zeros(1, 1, 3, 3), null, new Window(1, 1, MAX, 0, 1, 1), 1));
        refused(ShapeException.class, "avg_pool2d: padding", () -> Functional.avgPool2d(Tensor.zeros(1, 1, 4, 4), 2, 2,
                new Window(1, 1, 1 << 30, 0, 1, 1)));
        assertArrayEquals(new int[] {2}, Tensor.arange(9).slice(0, 2, 9, MAX).toIntArray());
        assertArrayEquals(new int[0], Tensor.arange(9).slice(0, 2, 2, MAX).toIntArray());
    }

    @Test
    void positionsOutsideTheShapeAreRefused() {
        List<Tensor> parts = List.of(Tensor.zeros(2, 3), Tensor.zeros(2, 3));
        refused(ShapeException.class, "stack: position -4 must lie in -3 .. 2", () -> Tensor.stack(-4, parts));
        refused(ShapeException.class, "stack: position 3 must lie in -3 .. 2", () -> Tensor.stack(3, parts));
        assertEquals(Shape.of(2, 2, 3), Tensor.stack(-3, parts).shape());
        assertEquals(Shape.of(2, 3, 2), Tensor.stack(2, parts).shape());
        refused(ShapeException.class, "insert: position 3", () -> Shape.of(2, 3).insert(3, 1));
        refused(ShapeException.class, "sub: axes 2 .. 1", () -> Shape.of(2, 3).sub(2, 1));
        refused(ShapeException.class, "sub: axes 0 .. 3", () -> Shape.of(2, 3).sub(0, 3));
    }

    @Test
    void aBiasDoesNotMakeOutputChannels() {
        Tensor x = Tensor.ones(1, 1, 4, 4);
        refused(ShapeException.class, "conv2d: bias must have shape [1]",
                () -> Functional.conv2d(x, Tensor.ones(1, 1, 3, 3), Tensor.ones(5), Window.of(1, 0), 1));
        refused(ShapeException.class, "conv2d: bias must have shape [3]",
                () -> Functional.conv2d(x, Tensor.ones(3, 1, 3, 3), Tensor.ones(1), Window.of(1, 0), 1));
        assertEquals(10, Functional.conv2d(x, Tensor.ones(1, 1, 3, 3), Tensor.ones(1), Window.of(1, 0), 1).get(0, 0, 1,
                1));
    }

    @Test
    void emptyTensorsOfAnySizes() {
        assertEquals(0, Tensor.zeros(3, 0).flip(0).toFloatArray().length);
        assertEquals(0, Tensor.zeros(3, 0).flip(0, 1).contiguous().size());
        assertEquals(0, Shape.of(100_000, 100_000, 0).size());
        assertEquals(0, Shape.of(0, 100_000, 100_000).size());
        assertEquals("F32[2000000000, 0]\n[[],\n [],\n [],\n ...,\n [],\n [],\n []]",
                Tensor.zeros(2_000_000_000, 0).toString());
    }

    @Test
    void nullIsNamed() {
        refused(TensorException.class, "add: input 1 of 2 is null", () -> Tensor.zeros(2).add((Tensor) null));
        refused(TensorException.class, "cat: input 0 of 1 is null",
                () -> Tensor.apply(new Movement.Cat(0), (Tensor) null));
    }
}
