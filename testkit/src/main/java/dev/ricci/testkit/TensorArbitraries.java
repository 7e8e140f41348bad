package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * What property tests of tensor programs draw from, for jqwik. All shrink: ranks and sizes first, then layouts, then
 * values. They combine with each other and with jqwik's own arbitraries by map, flatMap and
 * {@link Combinators}; dependent ones are written more easily with {@link Draw#arbitrary}.
 */
public final class TensorArbitraries {
    private static final int MAX_RANK = 4;
    private static final int MAX_ELEMENTS = 400;

    private TensorArbitraries() {
    }

    /**
     * Two shapes that broadcast to one by NumPy's rules.
     *
     * @param left the first
     * @param right the second
     */
    public record ShapePair(Shape left, Shape right) {
        /** The shape to which both broadcast. */
        public Shape broadcast() {
            return left.broadcast("broadcast", right);
        }
    }

    /** Shapes of rank 0 to 4 with up to 400 elements: sizes 0, 1, small, odd and larger ones. */
    public static Arbitrary<Shape> shapes() {
        return shapes(0, MAX_RANK, MAX_ELEMENTS);
    }

    /**
     * Shapes.
     *
     * @param minRank smallest rank
     * @param maxRank largest rank
     * @param maxElements most elements
     */
    public static Arbitrary<Shape> shapes(int minRank, int maxRank, int maxElements) {
        return Draw.arbitrary(d -> Shapes.drawn(d, minRank, maxRank, maxElements, true));
    }

    /** Pairs of shapes that broadcast. */
    public static Arbitrary<ShapePair> broadcastablePairs() {
        return Draw.arbitrary(d -> {
            Shape s = Shapes.drawn(d, 0, MAX_RANK, MAX_ELEMENTS, true);
            Shape narrow = Shapes.narrowed(d, s);
            return d.flag() ? new ShapePair(narrow, s) : new ShapePair(s, narrow);
        });
    }

    /** F32 tensors of any shape, dense, with values in [low, high). */
    public static Arbitrary<Tensor> tensors(double low, double high) {
        return tensors(DType.F32, shapes(), low, high);
    }

    /**
     * Dense tensors with values in [low, high).
     *
     * @param dtype F32 or F64
     * @param shapes which shapes
     * @param low smallest value
     * @param high bound of the values, exclusive
     */
    public static Arbitrary<Tensor> tensors(DType dtype, Arbitrary<Shape> shapes, double low, double high) {
        return shapes.flatMap(s -> tensors(dtype, s, low, high));
    }

    /** Dense tensors of one shape; see {@link #tensors(DType, Arbitrary, double, double)}. */
    public static Arbitrary<Tensor> tensors(DType dtype, Shape shape, double low, double high) {
        Values values = Values.between(low, high);
        return Draw.arbitrary(d -> Fill.floats(d, dtype, shape, values));
    }

    /**
     * Tensors of one shape in any layout (dense, permuted, cut with steps out of larger storage, flipped, at an
     * offset, expanded by stride 0), with values in [low, high). What lies between the elements is NaN.
     */
    public static Arbitrary<Tensor> views(DType dtype, Shape shape, double low, double high) {
        Values values = Values.between(low, high);
        return Draw.arbitrary(d -> Fill.view(d, shape, s -> Fill.floats(d, dtype, s, values)));
    }

    /** Views of any shape; see {@link #views(DType, Shape, double, double)}. */
    public static Arbitrary<Tensor> views(DType dtype, Arbitrary<Shape> shapes, double low, double high) {
        return shapes.flatMap(s -> views(dtype, s, low, high));
    }

    /** The same values in any layout but an expanded one. */
    public static Arbitrary<Tensor> layoutsOf(Tensor values) {
        return Draw.arbitrary(d -> Views.drawn(d, values));
    }

    /** I32 ids in 0 .. bound-1, in any layout. */
    public static Arbitrary<Tensor> ids(Shape shape, int bound) {
        return Draw.arbitrary(d -> Fill.view(d, shape, s -> Fill.ids(d, DType.I32, s, bound)));
    }

    /** BOOL masks, in any layout. */
    public static Arbitrary<Tensor> masks(Shape shape) {
        return Draw.arbitrary(d -> Fill.view(d, shape, s -> Fill.masks(d, s)));
    }
}
