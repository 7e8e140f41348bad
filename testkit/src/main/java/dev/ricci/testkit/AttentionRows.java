package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.AttentionOp.Attention;
import dev.ricci.tensor.op.AttentionOp.AttentionBackward;
import dev.ricci.tensor.op.AttentionOp.Rotary;
import java.util.ArrayList;
import java.util.List;

/** Rows of attention and rotary embedding. */
final class AttentionRows {
    private AttentionRows() {
    }

    static List<OpRow> rows() {
        return List.of(
                OpRow.of(Attention.class, g -> Heads.drawn(g).forward(g)).within(2e-5, 1e-5).differentiable(0, 1, 2)
                        .gradientWithin(1e-3, 2e-4),
                OpRow.of(AttentionBackward.class, g -> Heads.drawn(g).backward(g)).within(1e-4, 1e-4),
                OpRow.of(Rotary.class, AttentionRows::rotary).within(1e-5, 1e-5).differentiable(0));
    }

    /** The shapes and the mask of an attention, and a key that no query sees, or -1. */
    private record Heads(Attention op, Shape q, Shape k, Shape v, Tensor mask, int hidden) {
        static Heads drawn(CaseDraw g) {
            Draw d = g.draw();
            boolean tiny = g.profile() == Profile.FINITE_DIFFERENCES;
            int batch = d.oneIn(20) ? 0 : tiny ? 1 : g.small(2);
            int groups = tiny ? 1 : g.small(3);
            int heads = groups * (tiny ? d.between(1, 2) : g.small(3));
            int t = length(g);
            int s = d.flag() ? t : length(g);
            int depth = tiny ? d.between(1, 2) : d.between(1, 20);
            int valueDepth = d.flag() ? depth : tiny ? d.between(1, 2) : d.between(1, 40);
            // One window in four sees less than all; causal ones too.
            int window = d.oneIn(4) ? d.between(1, Math.max(1, s)) : 0;
            Attention op = new Attention(d.pick(1.0, 0.5, 0.25), d.flag(), window);
            Shape scores = Shape.of(batch, heads, t, s);
            int hidden = g.profile() == Profile.FORWARD && s > 0 && d.oneIn(3) ? d.below(s) : -1;
            Tensor mask = switch (d.below(4)) {
                case 0, 1 -> null;
                case 2 -> hidden < 0 ? g.booleans(scores) : hiding(g, scores, hidden);
                default -> g.floats(scores, Values.sometimes(Values.between(-2, 2), Double.NEGATIVE_INFINITY));
            };
            return new Heads(op, Shape.of(batch, heads, t, depth), Shape.of(batch, groups, s, depth),
                    Shape.of(batch, groups, s, valueDepth), mask,
                    mask != null && mask.dtype() == DType.BOOL ? hidden : -1);
        }

        /** A mask that is false for one key. */
        private static Tensor hiding(CaseDraw g, Shape scores, int key) {
            int keys = scores.dim(3);
            boolean[] seen = new boolean[scores.size()];
            int[] drawn = Views.dense(g.booleans(scores)).toIntArray();
            for (int i = 0; i < seen.length; i++) {
                seen[i] = drawn[i] == 1 && i % keys != key;
            }
            return g.layout(Tensor.ofBooleans(seen, scores.toArray()));
        }

        private static int length(CaseDraw g) {
            return switch (g.profile()) {
                case FINITE_DIFFERENCES -> g.draw().between(1, 3);
                case LARGE -> g.draw().between(60, 90);
                case GRADIENT -> g.draw().between(1, 12);
                // Beyond a few tiles of keys now and then.
                case FORWARD -> g.draw().oneIn(15) ? g.draw().between(60, 160) : g.draw().between(0, 20);
            };
        }

        OpCase forward(CaseDraw g) {
            // What a query does not see may be anything, such as the unused part of a cache; what it sees may be too,
            // but then so is the result.
            int key = hidden < 0 && g.profile() == Profile.FORWARD && g.draw().oneIn(6)
                    ? g.draw().below(Math.max(1, k.dim(2))) : hidden;
            return call(g, key);
        }

        private OpCase call(CaseDraw g, int spoilt) {
            return call(List.of(g.floats(q), spoilt < 0 ? g.floats(k) : spoilt(g, k, spoilt),
                    spoilt < 0 ? g.floats(v) : spoilt(g, v, spoilt)));
        }

        /** Not finite at one key. */
        private static Tensor spoilt(CaseDraw g, Shape shape, int key) {
            float[] values = Views.dense(g.floats(shape)).toFloatArray();
            float with = g.draw().pick(Float.NaN, Float.POSITIVE_INFINITY);
            for (int i = 0; i < values.length; i++) {
                values[i] = i / shape.dim(3) % shape.dim(2) == key ? with : values[i];
            }
            return g.layout(Tensor.of(values, shape));
        }

        private OpCase call(List<Tensor> qkv) {
            List<Tensor> in = new ArrayList<>(qkv);
            if (mask != null) {
                in.add(mask);
            }
            return new OpCase(op, in);
        }

        OpCase backward(CaseDraw g) {
            OpCase forward = call(g, hidden);
            List<Tensor> out = g.reference(op, forward.array());
            List<Tensor> in = new ArrayList<>();
            in.add(g.floats(out.get(0).shape()));
            in.add(g.layout(out.get(0)));
            in.add(g.layout(out.get(1)));
            in.addAll(forward.inputs());
            return new OpCase(new AttentionBackward(op.scale(), op.causal(), op.window()), in);
        }
    }

    private static OpCase rotary(CaseDraw g) {
        Draw d = g.draw();
        boolean tiny = g.profile() == Profile.FINITE_DIFFERENCES;
        Shape lead = tiny ? Shapes.drawn(d, 0, 2, 2, true)
                : Shapes.drawn(d, 0, 2, g.profile() == Profile.LARGE ? 64 : 8, true);
        int t = tiny ? d.between(1, 2) : g.profile() == Profile.LARGE ? 64 : d.between(0, 9);
        int half = tiny ? 1 : d.between(0, 8);
        int depth = 2 * half + (d.flag() ? d.below(tiny ? 2 : 5) : 0);
        int table = d.between(1, 12);
        Tensor angles = Tensor.of(Views.dense(g.floats(Shape.of(table, half), Values.between(-4, 4))).toFloatArray(),
                table, half);
        float[] cos = angles.toFloatArray();
        float[] sin = angles.toFloatArray();
        for (int i = 0; i < cos.length; i++) {
            cos[i] = (float) StrictMath.cos(cos[i]);
            sin[i] = (float) StrictMath.sin(sin[i]);
        }
        Shape x = lead.concat(Shape.of(t, Math.max(1, depth)));
        Shape positions = x.rank() > 2 && d.flag() ? Shape.of(x.dim(0), t) : Shape.of(t);
        return OpCase.of(new Rotary(d.flag(), d.flag()), g.floats(x), g.ids(positions, table),
                g.layout(Tensor.of(cos, table, half)), g.layout(Tensor.of(sin, table, half)));
    }
}
