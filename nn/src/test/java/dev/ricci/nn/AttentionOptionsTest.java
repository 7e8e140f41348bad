package dev.ricci.nn;

import static dev.ricci.nn.Near.assertGradients;
import static dev.ricci.nn.Near.assertNear;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.GradCheck;
import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What later models added to attention: norms of queries and keys, caps and scales of scores, scaled frequencies. */
class AttentionOptionsTest {
    private static final Rng RNG = Rng.of(7);
    private static final Tensor X = RNG.split("x").normal(2, 7, 8);
    private static final MultiHeadAttention.Config GROUPED = MultiHeadAttention.Config.of(8, 4).withKvHeads(2)
            .withHeadDim(6);
    private static final MultiHeadAttention.QkNorm PER_HEAD = new MultiHeadAttention.QkNorm(true, 1e-5);
    private static final MultiHeadAttention.QkNorm WHOLE = new MultiHeadAttention.QkNorm(false, 1e-5);

    /** With norms whose weights are not all 1. */
    private static MultiHeadAttention attention(MultiHeadAttention.Config config) {
        MultiHeadAttention layer = new MultiHeadAttention(config, RNG.split("attention"));
        layer.parameters().forEach((path, p) -> {
            if (path.contains("norm")) {
                p.assign(RNG.split(path).uniform(p.spec().shape().toArray()).add(0.5));
            }
        });
        return layer;
    }

    private static Tensor normed(Tensor x, Tensor weight, double eps) {
        return x.div(x.square().mean(-1).unsqueeze(-1).add(eps).sqrt()).mul(weight);
    }

    /** Head by head, from the formulas. */
    private static Tensor composed(MultiHeadAttention layer, MultiHeadAttention.Config c, Tensor x, int window) {
        Map<String, Tensor> w = layer.stateDict();
        Tensor[] out = new Tensor[c.heads()];
        Tensor distance = Tensor.arange(7).reshape(7, 1).sub(Tensor.arange(7));
        Tensor seen = distance.ge(0).logicalAnd(distance.lt(window));
        for (int h = 0; h < c.heads(); h++) {
            Tensor q = head(w, x, "q", h, c);
            Tensor k = head(w, x, "k", h / (c.heads() / c.kvHeads()), c);
            Tensor scores = q.matmul(k.transpose(1, 2)).mul(c.scale() == 0 ? 1 / Math.sqrt(c.headDim()) : c.scale());
            Tensor capped = c.scoreCap() == 0 ? scores : scores.div(c.scoreCap()).tanh().mul(c.scoreCap());
            Tensor weights = capped.maskedFill(seen.logicalNot(), Double.NEGATIVE_INFINITY).softmax(-1);
            out[h] = weights.matmul(head(w, x, "v", h / (c.heads() / c.kvHeads()), c));
        }
        return Tensor.cat(2, out).matmul(w.get("o_proj.weight").transpose(0, 1)).add(w.get("o_proj.bias"));
    }

    private static Tensor head(Map<String, Tensor> w, Tensor x, String name, int head, MultiHeadAttention.Config c) {
        int d = c.headDim();
        Tensor all = x.matmul(w.get(name + "_proj.weight").transpose(0, 1)).add(w.get(name + "_proj.bias"));
        Tensor norm = w.get(name + "_norm.weight");
        if (norm != null && !c.qkNorm().perHead()) {
            all = normed(all, norm, c.qkNorm().eps());
        }
        Tensor one = all.slice(2, head * d, head * d + d);
        return norm != null && c.qkNorm().perHead() ? normed(one, norm, c.qkNorm().eps()) : one;
    }

    private static List<MultiHeadAttention.Config> options() {
        return List.of(GROUPED, GROUPED.withQkNorm(PER_HEAD), GROUPED.withQkNorm(WHOLE), GROUPED.withScores(0.3, 0),
                GROUPED.withScores(0, 0.4), GROUPED.withQkNorm(PER_HEAD).withScores(0.3, 0.4));
    }

    @Test
    void equalsTheFormula() {
        for (MultiHeadAttention.Config c : options()) {
            MultiHeadAttention layer = attention(c);
            assertNear(1e-5, layer.forward(X, AttentionMask.causal()), composed(layer, c, X, 99));
            assertNear(1e-5, layer.forward(X, AttentionMask.slidingWindow(3)), composed(layer, c, X, 3));
        }
        assertEquals(Shape.of(6), attention(options().get(1)).parameters().get("k_norm.weight").spec().shape());
        assertEquals(Shape.of(12), attention(options().get(2)).parameters().get("k_norm.weight").spec().shape());
    }

    @Test
    void gradients() {
        for (MultiHeadAttention.Config c : options()) {
            MultiHeadAttention layer = attention(c);
            Tensor x = X.tracked();
            Gradients g = Gradients.of(layer.forward(x, AttentionMask.causal()).square().sum());
            Tensor same = X.tracked();
            Gradients expected = Gradients.of(composed(layer, c, same, 99).square().sum());
            assertNear(1e-4, g.get(x), expected.get(same));
            layer.parameters().forEach((path, p) -> assertTrue(path.equals("k_proj.bias")
                    || g.get(p.variable()).abs().max().item() > 1e-3, path));
        }
        Rng rng = RNG.split("qkv");
        GradCheck.check(in -> CappedAttention.of(in.get(0), in.get(1), in.get(2), AttentionMask.slidingWindow(2), 0.5, 0.7),
                List.of(rng.split("q").normal(1, 4, 3, 2), rng.split("k").normal(1, 2, 3, 2),
                        rng.split("v").normal(1, 2, 3, 2))).assertPasses();
    }

    @Test
    void cappedScoresTakeEveryMask() {
        MultiHeadAttention capped = attention(GROUPED.withScores(0, 1e6));
        MultiHeadAttention plain = attention(GROUPED);
        Tensor added = RNG.split("mask").normal(7, 7);
        Tensor seen = Tensor.arange(7).lt(4);
        for (AttentionMask mask : List.of(AttentionMask.full(), AttentionMask.padding(7, 3),
                AttentionMask.causal().and(AttentionMask.padding(2, 5)), AttentionMask.custom(added),
                AttentionMask.custom(seen).and(AttentionMask.causal()))) {
            // A cap that is far away changes nothing.
            assertNear(1e-4, capped.forward(X, mask), plain.forward(X, mask));
        }
        AttentionMask none = AttentionMask.custom(Tensor.arange(7).ge(3).reshape(7, 1));
        Tensor y = capped.forward(X, none);
        assertNear(1e-5, y.slice(1, 3, 7), plain.forward(X, none).slice(1, 3, 7));
        assertEquals(0, y.ne(y).any().item(), "a query that sees nothing must not give NaN");
    }

    @Test
    void throughTheCacheTheSameBits() {
        for (MultiHeadAttention.Config c : options()) {
            MultiHeadAttention layer = attention(c);
            NoGrad.run(() -> {
                KvCache cache = new KvCache(new KvCache.Config(1, 2, 2, 7, 6));
                Tensor[] parts = {X.slice(1, 0, 4), X.slice(1, 4, 5), X.slice(1, 5, 7)};
                Tensor[] got = new Tensor[3];
                int at = 0;
                for (int i = 0; i < 3; i++) {
                    Tensor positions = Tensor.arange(parts[i].dim(1)).add(at);
                    got[i] = layer.forward(parts[i], positions, AttentionMask.causal(), cache.slot(0));
                    at += parts[i].dim(1);
                }
                assertArrayEquals(layer.forward(X, AttentionMask.causal()).toFloatArray(),
                        Tensor.cat(1, got).toFloatArray());
            });
        }
    }

    @Test
    void numbersOfOptionsAreChecked() {
        assertThrows(TensorException.class, () -> GROUPED.withScores(-1, 0));
        assertThrows(TensorException.class, () -> GROUPED.withScores(0, Double.NaN));
        assertThrows(TensorException.class, () -> new MultiHeadAttention.QkNorm(true, 0));
    }

    @Test
    void aNormFromOneStartsAsThePlainOne() {
        Tensor x = RNG.split("n").normal(3, 8);
        RmsNorm fromOne = new RmsNorm(8, 1e-6, true);
        assertArrayEquals(new RmsNorm(8).forward(x).toFloatArray(), fromOne.forward(x).toFloatArray());
        Tensor w = RNG.split("w").normal(8);
        fromOne.load(Map.of("weight", w));
        assertNear(1e-5, fromOne.forward(x), normed(x, w.add(1), 1e-6));
        assertGradients(fromOne, fromOne::forward, x);
    }

    /** Expected numbers computed apart from this code, from the formulas as the models' authors publish them. */
    @Test
    void frequenciesAreScaledAsPublished() {
        assertFrequencies(new RopeScaling.None(), 10000, 1, 0.1, 0.01, 0.001);
        assertFrequencies(new RopeScaling.Linear(4), 10000, 0.25, 0.025, 0.0025, 0.00025);
        assertFrequencies(new RopeScaling.Divided(List.of(1.0, 2.0, 4.0, 8.0)), 10000, 1, 0.05, 0.0025, 0.000125);
        assertFrequencies(new RopeScaling.Llama3(8, 1, 4, 8192), 500000, 1, 0.19392274474868576, 0.03760603093086393,
                0.007292664737217109, 0.0005248461609929547, 3.428102195952591e-05, 6.647869871181235e-06,
                1.2891731721515574e-06);
        assertFrequencies(new RopeScaling.Yarn(4, 32768, 32, 1, 1), 1e6, 1, 0.17782794100389226, 0.03162277660168379,
                0.004217559938927618, 0.0005, 4.445698525097307e-05, 7.905694150420949e-06, 1.4058533129758728e-06);
        RopeScaling yarn = new RopeScaling.Yarn(4, 32768, 32, 1, RopeScaling.Yarn.usualMagnitude(4));
        assertEquals(1.138629436111989, yarn.magnitude(), 1e-15);
        Tensor one = Tensor.of(new float[] {1, 0}, 1, 2);
        Tensor turned = new RotaryEmbedding(RotaryEmbedding.Config.of(2, 4).withScaling(yarn))
                .apply(one, Tensor.ofInts(new int[] {0}));
        assertNear(1e-6, turned, 1.138629436111989, 0);
        assertThrows(ShapeException.class, () -> new RopeScaling.Divided(List.of(1.0)).frequencies(4, 10000));
        assertThrows(TensorException.class, () -> new RopeScaling.Linear(0));
        assertThrows(TensorException.class, () -> new RopeScaling.Llama3(8, 4, 4, 8192));
        assertThrows(TensorException.class, () -> new RopeScaling.Yarn(4, 32768, 1, 2, 1));
    }

    private static void assertFrequencies(RopeScaling scaling, double theta, double... expected) {
        double[] f = scaling.frequencies(2 * expected.length, theta);
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], f[i], 1e-12 * expected[i], scaling + " pair " + i);
        }
    }
}
