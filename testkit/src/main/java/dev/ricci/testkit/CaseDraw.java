package dev.ricci.testkit;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Op;
import java.util.List;

/** What the rows of the catalogue draw their cases with: shapes and tensors that suit the profile of the suite. */
public final class CaseDraw {
    private final Draw draw;
    private final Profile profile;

    CaseDraw(Draw draw, Profile profile) {
        this.draw = draw;
        this.profile = profile;
    }

    /** The choices themselves. */
    public Draw draw() {
        return draw;
    }

    /** What the suite wants. */
    public Profile profile() {
        return profile;
    }

    /** Whether values must stay away from kinks and poles. */
    public boolean smooth() {
        return profile.isSmooth();
    }

    /** A shape of rank min .. max; empty at times. */
    public Shape shape(int minRank, int maxRank) {
        return shape(minRank, maxRank, true);
    }

    /** A shape of rank min .. max without sizes 0. */
    public Shape nonEmpty(int minRank, int maxRank) {
        return shape(minRank, maxRank, false);
    }

    private Shape shape(int minRank, int maxRank, boolean empty) {
        if (profile != Profile.LARGE) {
            return Shapes.drawn(draw, minRank, maxRank, profile.maxElements(), empty);
        }
        // Large along one axis, whichever it is, so that every way of splitting occurs.
        int rank = Math.max(minRank, draw.between(Math.max(1, minRank), maxRank));
        int[] d = new int[rank];
        int product = 1;
        int wide = rank == 0 ? 0 : draw.below(rank);
        for (int a = 0; a < rank; a++) {
            d[a] = a == wide ? 1 : draw.between(1, 6);
            product *= d[a];
        }
        if (rank > 0) {
            d[wide] = profile.maxElements() / product - draw.below(50);
        }
        return Shape.of(d);
    }

    /** The size of one of several axes: 1 or more. */
    public int size() {
        return profile == Profile.LARGE ? draw.between(profile.maxSize() / 2, profile.maxSize())
                : Shapes.size(draw, profile.maxSize(), false);
    }

    /** The size of one of several axes; 0 at times. */
    public int sizeOrZero() {
        return profile == Profile.LARGE ? size() : Shapes.size(draw, profile.maxSize(), true);
    }

    /** A size up to a bound, small even for large cases. */
    public int small(int max) {
        return draw.between(1, Math.max(1, Math.min(max, profile.maxSize())));
    }

    /** F32 in any layout. */
    public Tensor floats(Shape shape, Values values) {
        return Fill.view(draw, shape, s -> Fill.floats(draw, DType.F32, s, values));
    }

    /** F32 in any layout. Other values where kinks and poles must be avoided. */
    public Tensor floats(Shape shape, Values any, Values smooth) {
        return floats(shape, smooth() ? smooth : any);
    }

    /** F32 in [-2, 2) in any layout. */
    public Tensor floats(Shape shape) {
        return floats(shape, Values.between(-2, 2));
    }

    /** F32 values that lie a quarter apart, in a drawn order, in any layout: nothing ties. */
    public Tensor separated(Shape shape) {
        Draw from = shape.size() <= 1024 ? draw : Draw.seeded(draw.below(Integer.MAX_VALUE));
        int[] order = from.order(shape.size());
        float[] v = new float[order.length];
        for (int i = 0; i < v.length; i++) {
            v[i] = 0.25f * (order[i] - v.length / 2) + 0.125f;
        }
        return layout(Tensor.wrap(v, shape));
    }

    /** Integers of a type in low .. high, in any layout. */
    public Tensor integers(DType dtype, Shape shape, int low, int high) {
        return Fill.view(draw, shape, s -> Fill.integers(draw, dtype, s, Values.whole(low, high)));
    }

    /** Ids in 0 .. bound-1 as I32 or I64, in any layout. */
    public Tensor ids(Shape shape, int bound) {
        DType dtype = draw.pick(DType.I32, DType.I64);
        return Fill.view(draw, shape, s -> Fill.ids(draw, dtype, s, bound));
    }

    /** BOOL in any layout. */
    public Tensor booleans(Shape shape) {
        return Fill.view(draw, shape, s -> Fill.masks(draw, s));
    }

    /** A key for random ops, an I64 scalar. */
    public Tensor key() {
        return Tensor.ofLongs(new long[] {Draw.seeded(draw.below(Integer.MAX_VALUE)).below(Integer.MAX_VALUE)
                * 0x9E3779B97F4A7C15L}).reshape();
    }

    /** The same values in a drawn layout. */
    public Tensor layout(Tensor values) {
        return Views.drawn(draw, values);
    }

    /** What the reference backend gives: inputs of backward ops that the forward op makes. */
    public List<Tensor> reference(Op op, Tensor... inputs) {
        return Backends.with(Backends.reference(), () -> NoGrad.call(() -> Tensor.applyAll(op, inputs)));
    }

    /** One of these with a chance of one in six, unless the case must be smooth; else the usual type, F32. */
    public DType dtype(DType... others) {
        return !smooth() && draw.oneIn(6) ? draw.pick(others) : DType.F32;
    }
}
