package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.util.function.Function;

/** How tensors are filled. */
final class Fill {
    /** Tensors with more elements follow from one seed: nobody reads them, and noting each choice costs. */
    private static final int NOTED = 1024;

    private Fill() {
    }

    private static Draw source(Draw draw, Shape shape) {
        return shape.size() <= NOTED ? draw : Draw.seeded(draw.below(Integer.MAX_VALUE));
    }

    static Tensor floats(Draw draw, DType dtype, Shape shape, Values values) {
        Draw from = source(draw, shape);
        if (dtype == DType.F64) {
            double[] v = new double[shape.size()];
            for (int i = 0; i < v.length; i++) {
                v[i] = values.draw(from);
            }
            return Tensor.wrap(HeapStorage.of(v), shape);
        }
        float[] v = new float[shape.size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) values.draw(from);
        }
        return Tensor.wrap(v, shape);
    }

    /** Integers from a function of draws. */
    static Tensor integers(Draw draw, DType dtype, Shape shape, Values values) {
        Draw from = source(draw, shape);
        HeapStorage storage = HeapStorage.allocate(dtype, shape.size());
        for (int i = 0; i < shape.size(); i++) {
            long v = (long) values.draw(from);
            switch (dtype) {
                case I32 -> storage.ints()[i] = (int) v;
                case I64 -> storage.longs()[i] = v;
                default -> storage.bytes()[i] = (byte) v;
            }
        }
        return Tensor.wrap(storage, shape);
    }

    static Tensor ids(Draw draw, DType dtype, Shape shape, int bound) {
        return integers(draw, dtype, shape, Values.whole(0, Math.max(0, bound - 1)));
    }

    static Tensor masks(Draw draw, Shape shape) {
        return integers(draw, DType.BOOL, shape, Values.whole(0, 1));
    }

    /** A tensor of this shape in a drawn layout; one in six times it is expanded from a narrower one. */
    static Tensor view(Draw draw, Shape shape, Function<Shape, Tensor> fill) {
        if (!shape.isEmpty() && draw.oneIn(6)) {
            Shape narrow = Shapes.narrowed(draw, shape);
            return Views.drawn(draw, fill.apply(narrow)).expand(shape);
        }
        return Views.drawn(draw, fill.apply(shape));
    }
}
