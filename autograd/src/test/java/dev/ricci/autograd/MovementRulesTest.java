package dev.ricci.autograd;

import static dev.ricci.autograd.Cases.ids;
import static dev.ricci.autograd.Cases.values;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The rules of movements and of indexing. Squares make the second order differ from 0. */
final class MovementRulesTest {
    @TestFactory
    Stream<DynamicTest> movements() {
        Tensor x = values(1, 2, 3, 4);
        Tensor y = values(2, 2, 1, 4);
        return new Cases()
                .both("reshape", in -> in.get(0).reshape(4, 6).square(), x)
                .both("permute", in -> in.get(0).permute(2, 0, 1).square(), x)
                .both("transpose", in -> in.get(0).transpose(0, 2).square(), x)
                .both("expand", in -> in.get(0).expand(5, 2, 3, 4).square(), y)
                .both("expand a scalar", in -> in.get(0).expand(2, 3).square(), values(3))
                .first("expand to nothing", in -> in.get(0).expand(2, 0, 4), y)
                .both("slice", in -> in.get(0).slice(1, 1, 3).square(), x)
                .both("slice with steps", in -> in.get(0).slice(2, 1, 4, 2).square(), x)
                .both("select", in -> in.get(0).select(1, -1).square(), x)
                .both("split", in -> in.get(0).split(2, 1, 3).get(1).square(), x)
                .both("flip", in -> in.get(0).flip(0, 2).square(), x)
                .both("contiguous", in -> in.get(0).transpose(0, 1).contiguous().square(), x)
                .both("slice_backward", in -> Tensor.apply(new Movement.SliceBackward(Shape.of(3, 7), Ints.of(1, 0),
                        Ints.of(1, 2)), in.get(0)).add(0.5).square(), values(3, 2, 4))
                .both("pad", in -> in.get(0).pad(1, 2, 1, 0.7).square(), x)
                .both("cat", in -> Tensor.cat(1, in.get(0), in.get(1), in.get(0)).square(), x, y)
                .both("stack", in -> Tensor.stack(1, List.of(in.get(0), in.get(1))).square(), x, values(4, 2, 3, 4))
                .both("repeat", in -> in.get(0).repeat(1, 3).square(), x)
                .both("tril", in -> in.get(0).tril(-1).square(), x)
                .both("triu", in -> in.get(0).triu(1).square(), x)
                .stream();
    }

    @TestFactory
    Stream<DynamicTest> indexing() {
        Tensor x = values(5, 3, 4);
        Tensor chosen = ids(Shape.of(2, 3), 0, 2, 2, 1, 2, 0);
        Tensor along = ids(Shape.of(3, 2), 0, 3, 1, 1, 2, 0);
        return new Cases()
                .both("gather along 1", in -> in.get(0).gather(1, in.get(1)).square(), x, along)
                .both("gather along 0", in -> in.get(0).gather(0, in.get(1)).square(), x, chosen)
                .both("scatter_add", in -> in.get(0).scatterAdd(1, in.get(1), in.get(2)).square(), x, along,
                        values(6, 3, 2))
                .both("index_select of rows", in -> in.get(0).indexSelect(0, in.get(1)).square(), x, chosen)
                .both("index_select of columns", in -> in.get(0).indexSelect(1, in.get(1)).square(), x, chosen)
                .both("index_add", in -> Tensor.apply(new Indexing.IndexAdd(Shape.of(3, 5), 1), in.get(0),
                        in.get(1)).square(), ids(Shape.of(4), 4, 1, 1, 0), x)
                .both("topk", in -> in.get(0).topK(2, 1).get(0).square(), x)
                .both("topk of the smallest", in -> in.get(0).topK(2, 0, false).get(0).square(), x)
                .both("sort", in -> in.get(0).sort(0, true).get(0).cumsum(0).square(), x)
                .stream();
    }
}
