package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.values;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.AvgPool2dBackward;
import dev.ricci.tensor.op.Contraction.Conv2dBackwardInput;
import dev.ricci.tensor.op.Contraction.Conv2dBackwardWeight;
import dev.ricci.tensor.op.Contraction.MaxPool2dBackward;
import dev.ricci.tensor.op.Contraction.Window;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The rules of matrix products, convolutions and pooling. */
final class ContractionRulesTest {
    @TestFactory
    Stream<DynamicTest> products() {
        return new Cases()
                .both("matmul", in -> in.get(0).matmul(in.get(1)), values(1, 2, 3), values(2, 3, 4))
                .both("matmul by its transpose", in -> in.get(0).matmul(in.get(0).transpose(0, 1)), values(1, 2, 3))
                .both("matmul, batched and broadcast", in -> in.get(0).matmul(in.get(1)), values(1, 2, 1, 2, 3),
                        values(2, 3, 3, 2))
                .both("matmul of a batch by a matrix", in -> in.get(0).matmul(in.get(1)), values(1, 2, 2, 3),
                        values(2, 3, 2))
                .both("matmul of vectors", in -> in.get(0).matmul(in.get(1)), values(1, 3), values(2, 3))
                .both("einsum", in -> Tensor.einsum("bij,kj->bk", in.get(0), in.get(1)), values(1, 2, 2, 3),
                        values(2, 2, 3))
                .both("einsum of a diagonal", in -> Tensor.einsum("ii,i->", in.get(0), in.get(1)), values(1, 3, 3),
                        values(2, 3))
                .first("matmul over nothing", in -> in.get(0).matmul(in.get(1)), values(1, 2, 0), values(2, 0, 2))
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> convolutions() {
        Tensor x = values(1, 2, 4, 5, 4);
        Tensor w = values(2, 2, 2, 3, 2);
        Window window = new Window(2, 1, 1, 0, 1, 2);
        Shape y = Shape.of(2, 2, 3, 2);
        return new Cases()
                .both("conv2d", in -> Functional.conv2d(in.get(0), in.get(1), in.get(2), Window.of(1, 0), 1),
                        values(3, 1, 2, 3, 3), values(4, 2, 2, 2, 2), values(5, 2))
                .both("conv2d with groups, strides, padding, dilation",
                        in -> Functional.conv2d(in.get(0), in.get(1), null, window, 2), x, w)
                .both("conv2d_backward_input", in -> Tensor.apply(new Conv2dBackwardInput(window, 2, x.shape()),
                        in.get(0), in.get(1)), values(6, y.toArray()), w)
                .both("conv2d_backward_weight", in -> Tensor.apply(new Conv2dBackwardWeight(window, 2, w.shape()),
                        in.get(0), in.get(1)), values(6, y.toArray()), x)
                .both("conv1d", in -> Functional.conv1d(in.get(0), in.get(1), in.get(2), 2, 1, 1, 1),
                        values(7, 1, 2, 5), values(8, 2, 2, 3), values(9, 2))
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> pooling() {
        Tensor x = values(1, 1, 2, 5, 4);
        Window window = new Window(2, 1, 1, 0, 1, 1);
        Tensor places = Tensor.ofInts(new int[] {3, 0, 0, 2, 1, 5, 4, 4}, 1, 2, 2, 2);
        return new Cases()
                .both("max_pool2d", in -> Functional.maxPool2d(in.get(0), 2, 3, window).square(), x)
                .both("max_pool2d_backward", in -> Tensor.apply(new MaxPool2dBackward(Shape.of(1, 2, 2, 3)),
                        in.get(0), places).square(), values(2, 1, 2, 2, 2))
                .both("avg_pool2d", in -> Functional.avgPool2d(in.get(0), 2, 3, window).square(), x)
                .both("avg_pool2d_backward", in -> Tensor.apply(new AvgPool2dBackward(2, 3, window, x.shape()),
                        in.get(0)).square(), values(2, 1, 2, 3, 2))
                .stream();
    }
}
