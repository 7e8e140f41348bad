package dev.ricci.models.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Experts;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.nn.Activation;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.profile.OpProfile;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The vectors are those of the log of the roofline scripts behind arXiv 2510.04146 (public repository minseo25/LLaDA): 16-bit
 * numbers, an A6000.
 */
class CostModelTest {
    private static final CostModel LLADA = new CostModel(CostModel.presets().get("llada-8b"), 2);
    private static final CostModel LLAMA = new CostModel(CostModel.presets().get("llama-3-8b"), 2);
    private static final Machine A6000 = Machine.presets().get("a6000");
    private static final double FOUR_DIGITS = 5e-5;

    private static Cost sum(CostModel model, Pass pass, OpRow.Kind kind) {
        return model.rows(pass).stream().filter(r -> r.kind() == kind).map(r -> r.on(A6000)).reduce(Cost.ZERO, Cost::plus);
    }

    /** Intensity, and milliseconds a step. */
    @ParameterizedTest
    @CsvSource({"160, 138.8347, 21.0764", "256, 205.9421, 22.8178", "640, 400.2126, 44.0926", "2176, 743.0780, 157.3615"})
    void aStepOfLlada(int tokens, double intensity, double millis) {
        Cost cost = LLADA.cost(Pass.full(1, tokens), A6000);
        assertEquals(intensity, cost.intensity(), FOUR_DIGITS);
        assertEquals(millis, cost.seconds() * 1e3, FOUR_DIGITS);
    }

    /** 128 tokens and 512 new ones in 256 steps, the sequence as long as the blocks so far, no head. */
    @ParameterizedTest
    @CsvSource({"512, 400.2126, 11287.7037", "256, 345.9858, 9028.5001", "128, 315.4992, 8231.2754", "64, 299.2796, 7832.6984",
        "32, 290.9062, 7633.4187"})
    void aGenerationBlockByBlockWithoutACache(int block, double intensity, double millis) {
        Cost sum = new DecodingPlan(DecodingMethod.GROWING, 1, 128, 512, block, 256).phases().stream()
                .map(p -> LLADA.cost(p.pass().withLogits(0), A6000).times(p.count())).reduce(Cost.ZERO, Cost::plus);
        assertEquals(intensity, sum.intensity(), FOUR_DIGITS);
        assertEquals(millis, sum.seconds() * 1e3, FOUR_DIGITS);
    }

    /** The first token after a prompt of 2048, with the head. */
    @Test
    void aTokenOfLlama() {
        Pass pass = Pass.cached(1, 1, 2049).withLogits(1);
        assertEquals(0.9996, sum(LLAMA, pass, OpRow.Kind.LINEAR).intensity(), FOUR_DIGITS);
        assertEquals(3.9922, sum(LLAMA, pass, OpRow.Kind.ATTENTION).intensity(), FOUR_DIGITS);
        assertEquals(1.0519, LLAMA.cost(pass, A6000).intensity(), FOUR_DIGITS);
        assertEquals(19.913, LLAMA.cost(pass, A6000).seconds() * 1e3, 5e-4);
    }

    /**
     * The scripts mask too little of a prompt: one triangle of S (S - 1) / 2 pairs of each key-value head rather than one of
     * each of its queries' heads, and of the product with the values a triangle as wide as a head rather than the prompt.
     * With their pairs in place of ours their numbers come out.
     */
    @ParameterizedTest
    @CsvSource({"160, 140.9876, 113.7000, 130.5025", "2048, 1110.3567, 1529.7000, 708.9658", "2176, 1149.7826, 1625.7000, 726.7953"})
    void aPromptOfLlama(int s, double linear, double attention, double aggregate) {
        Pass pass = new Pass(1, s, s, 1, 1);
        assertEquals(linear, sum(LLAMA, pass, OpRow.Kind.LINEAR).intensity(), FOUR_DIGITS);
        long ours = 4L * s * (s + 1) / 2;
        long theirs = 4L * s * s - (long) s * (s - 1) / 2;
        double more = 32.0 * 8 * 2 * 128 * (theirs - ours);
        double moreOfValues = 32.0 * 8 * 2 * (4L * s * s * 128 - s * (128 * 127 / 2) - 128 * ours);
        double moreOfSoftmax = 32.0 * 8 * (theirs - ours);
        Cost a = sum(LLAMA, pass, OpRow.Kind.ATTENTION);
        assertEquals(32.0 * 8 * 4 * 128 * ours, a.flops());
        assertEquals(attention, (a.flops() + more + moreOfValues) / a.bytes(), FOUR_DIGITS);
        Cost all = LLAMA.cost(pass, A6000);
        assertEquals(aggregate, (all.flops() + more + moreOfValues + moreOfSoftmax) / all.bytes(), FOUR_DIGITS);
    }

    /** As the mask really is: what {@code docs/results/roofline.md} says of a prompt of 2048. */
    @Test
    void aPromptOfLlamaAsItIsMasked() {
        Pass pass = new Pass(1, 2048, 2048, 1, 1);
        assertEquals(819.6, sum(LLAMA, pass, OpRow.Kind.ATTENTION).intensity(), FOUR_DIGITS);
        assertEquals(686.8818, LLAMA.cost(pass, A6000).intensity(), FOUR_DIGITS);
    }

    /** Behind an exact cache at 2048 tokens; the table's autoregressive model is LLaDA's shape with 8 key-value heads. */
    @ParameterizedTest
    @CsvSource({"1, 1.06, 4.0, 16.0, 31.8", "16, 12.9, 30.7, 121, 237", "64, 28.9, 46.2, 180, 350"})
    void theClosedForm(int batch, double ar, double block4, double block16, double block32) {
        CostModel grouped = new CostModel(DecoderConfig.llama(126464, 4096, 32, 32, 8, 4096, 12288), 2);
        assertTable(ar, grouped.closedForm(Pass.cached(batch, 1, 2048)));
        assertTable(block4, LLADA.closedForm(Pass.cached(batch, 4, 2048)));
        assertTable(block16, LLADA.closedForm(Pass.cached(batch, 16, 2048)));
        assertTable(block32, LLADA.closedForm(Pass.cached(batch, 32, 2048)));
        assertEquals(3, Math.log10(LLADA.closedForm(Pass.full(1, 2048)).intensity()), 0.2, "about 10^3");
    }

    /** The table has three digits, or two behind the point. */
    private static void assertTable(double expected, Cost cost) {
        assertEquals(expected, cost.intensity(), expected < 2 ? 0.005 : expected < 100 ? 0.05 : 0.5);
    }

    /** What a real decoder runs: products and attention, behind a cache and without, with grouped heads, bias and windows. */
    @Test
    void countsWhatTheEngineCounts() {
        DecoderConfig base = DecoderConfig.llama(50, 32, 3, 4, 2, 24, 40);
        for (DecoderConfig config : new DecoderConfig[] {base, base.withBias(true),
            base.with(Attention.of(4, 2, 8).withWindow(new Window(5, 1, 0))),
            base.with(Mlp.of(30, Activation.GELU, false).withBias(true))}) {
            Decoder model = new Decoder(config, Rng.of(1));
            KvCache cache = model.newCache(2);
            NoGrad.run(() -> model.nextLogits(Rng.of(2).ints(50, 2, 9), cache));
            assertSame(config, new Pass(2, 3, 12, 1, 3), profile(() -> model.head(model.hiddenStates(
                    Rng.of(3).ints(50, 2, 3), Tensor.ofInts(new int[] {9, 10, 11}), model.mask(), cache))));
        }
        DecoderConfig all = base.with(base.attention().withCausal(false));
        Decoder model = new Decoder(all, Rng.of(1));
        assertSame(all, Pass.full(2, 7).withLogits(7), profile(() -> model.logits(Rng.of(3).ints(50, 2, 7))));
    }

    private static OpProfile profile(Runnable pass) {
        OpProfile profile = new OpProfile();
        NoGrad.run(() -> profile.listen(() -> {
            pass.run();
            return null;
        }));
        return profile;
    }

    private static void assertSame(DecoderConfig config, Pass pass, OpProfile profile) {
        CostModel model = new CostModel(config, Float.BYTES);
        OpProfile.Row products = row(profile, "matmul");
        Cost linear = sum(model, pass, OpRow.Kind.LINEAR);
        assertEquals(linear.flops(), products.flops(), config.toString());
        assertEquals(linear.bytes(), products.bytes(), config.toString());
        assertEquals(sum(model, pass, OpRow.Kind.ATTENTION).flops(), row(profile, "attention").flops(), config.toString());
    }

    private static OpProfile.Row row(OpProfile profile, String name) {
        return profile.rows().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void aBatchReadsTheWeightsOnceAndEachCacheByItself() {
        Pass one = Pass.cached(1, 1, 1024);
        Pass many = Pass.cached(16, 1, 1024);
        Cost weights = sum(LLAMA, many, OpRow.Kind.LINEAR);
        assertEquals(16 * sum(LLAMA, one, OpRow.Kind.LINEAR).flops(), weights.flops());
        assertEquals(1, weights.bytes() / sum(LLAMA, one, OpRow.Kind.LINEAR).bytes(), 0.01);
        assertEquals(16 * sum(LLAMA, one, OpRow.Kind.ATTENTION).bytes(), sum(LLAMA, many, OpRow.Kind.ATTENTION).bytes());
    }

    @Test
    void refusesWhatItCannotCount() {
        DecoderConfig config = LLADA.config();
        Mlp experts = new Mlp(64, Activation.SILU, true, false, Optional.of(new Experts(4, 2, 64, 0, true)));
        assertThrows(TensorException.class, () -> new CostModel(config.with(experts), 2));
        assertThrows(TensorException.class, () -> new CostModel(config, 0));
        assertThrows(TensorException.class, () -> Pass.cached(1, 4, 3));
        assertThrows(TensorException.class, () -> new Pass(1, 4, 4, 4, 5));
        TensorException e = assertThrows(TensorException.class,
                () -> LLADA.rows(Pass.full(Integer.MAX_VALUE, 1 << 20)));
        assertTrue(e.getMessage().contains("smaller batch"), e.getMessage());
    }
}
