package dev.ricci.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Attention;
import dev.ricci.models.decoder.DecoderConfig.Experts;
import dev.ricci.models.decoder.DecoderConfig.Mlp;
import dev.ricci.models.decoder.DecoderConfig.Norm;
import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.models.decoder.DecoderConfig.QkNorm;
import dev.ricci.models.decoder.DecoderConfig.Window;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.generation.TextGenerator;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.nn.Activation;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.Layer;
import dev.ricci.nn.RmsNorm;
import dev.ricci.nn.RopeScaling;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecoderTest {
    static List<DecoderConfig> shapes() {
        return List.of(DecoderConfig.gpt2(11, 16, 2, 2, 8), DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24),
                windowed(DecoderConfig.gpt2(11, 16, 2, 2, 8).withBias(false).withTiedHead(false), Window.of(5)),
                DecoderConfig.llama(11, 16, 1, 4, 1, 16, 24)
                        .with(Positions.rotary(500, 4).withKind(Positions.Kind.ROTARY_INTERLEAVED)).withTiedHead(true),
                qwen3(QkNorm.HEAD), qwen3(QkNorm.WHOLE), gemma2());
    }

    private static DecoderConfig windowed(DecoderConfig c, Window window) {
        return c.with(c.attention().withWindow(window));
    }

    /** Heads wider than the residual stream, queries and keys normed. */
    private static DecoderConfig qwen3(QkNorm norm) {
        return DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24)
                .with(Attention.of(4, 2, 6).withBias(true, false).withQkNorm(norm)).with(Positions.rotary(1e6, 4));
    }

    /** Four norms, caps, scales, and a window in every second layer. */
    private static DecoderConfig gemma2() {
        return DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24)
                .with(Attention.of(4, 2, 6).withScores(0.3, 1.5).withWindow(new Window(5, 0, 2)))
                .with(Mlp.of(24, Activation.GELU_TANH, true)).with(new Norm(Norm.Kind.RMS_FROM_ONE, 1e-6, false, true))
                .with(Positions.rotary(10000, 6).withScaling(new RopeScaling.Linear(2))).withTiedHead(true)
                .withScales(4, 5);
    }

    private static Tensor ids(int batch, int length, int vocab, long seed) {
        return Rng.of(seed).ints(vocab, batch, length);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void theCacheChangesNoBit(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        Tensor ids = ids(2, 13, config.vocabSize(), 2);
        float[] whole = NoGrad.call(() -> model.logits(ids).slice(1, 12, 13).toFloatArray());
        for (int prefill : new int[] {1, 4, 12}) {
            KvCache cache = model.newCache(2);
            NoGrad.run(() -> model.nextLogits(ids.slice(1, 0, prefill), cache));
            float[] last = null;
            for (int t = prefill; t < 13; t++) {
                Tensor one = ids.slice(1, t, t + 1);
                last = NoGrad.call(() -> model.nextLogits(one, cache).toFloatArray());
            }
            assertArrayEquals(whole, last, "prefill " + prefill);
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void itsLossIsTheCrossEntropyOfItsLogits(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        Tensor ids = ids(3, 13, config.vocabSize(), 2);
        Tensor targets = ids(3, 13, config.vocabSize(), 3);
        Tensor whole = Functional.crossEntropy(model.logits(ids), targets);
        Tensor fused = model.loss(ids, targets);
        assertEquals(whole.item(), fused.item(), 1e-6);
        assertEquals(whole.item(), NoGrad.call(() -> model.loss(ids, targets)).item(), 1e-6);
        Gradients expected = Gradients.of(whole);
        Gradients found = Gradients.of(fused);
        model.parameters().forEach((path, p) -> assertArrayEquals(expected.get(p.variable()).toFloatArray(),
                found.get(p.variable()).toFloatArray(), 1e-5f, path));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void laterTokensDoNotReachEarlierOnes(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        Tensor a = ids(1, 10, config.vocabSize(), 3);
        Tensor b = Tensor.cat(1, a.slice(1, 0, 6), a.slice(1, 6, 10).add(1).mod(config.vocabSize()));
        Tensor ya = NoGrad.call(() -> model.logits(a));
        Tensor yb = NoGrad.call(() -> model.logits(b));
        assertArrayEquals(ya.slice(1, 0, 6).toFloatArray(), yb.slice(1, 0, 6).toFloatArray());
        assertTrue(ya.slice(1, 6, 10).ne(yb.slice(1, 6, 10)).any().item() == 1);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void overfitsOneBatch(DecoderConfig config) {
        Decoder model = new Decoder(config, Rng.of(1));
        AdamW optimizer = AdamW.of(model.parameters(), 1e-2);
        Tensor x = ids(3, 12, config.vocabSize(), 4);
        Tensor y = ids(3, 12, config.vocabSize(), 5);
        double first = 0;
        double last = 0;
        for (int step = 0; step < 250; step++) {
            Tensor loss = Functional.crossEntropy(model.logits(x), y);
            last = loss.item();
            first = step == 0 ? last : first;
            optimizer.step(Gradients.of(loss));
        }
        assertEquals(Math.log(config.vocabSize()), first, 0.2);
        assertTrue(last < 0.05, "loss " + last);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void theConfigurationComesBack(DecoderConfig config) {
        assertEquals(config, DecoderConfig.fromMap(config.toMap()));
        Map<String, Object> wrong = new LinkedHashMap<>(config.toMap());
        wrong.put("norm", "batch");
        assertThrows(TensorException.class, () -> DecoderConfig.fromMap(wrong));
        wrong.remove("norm");
        assertThrows(TensorException.class, () -> DecoderConfig.fromMap(wrong));
        Map<String, Object> more = new LinkedHashMap<>(config.toMap());
        more.put("beam", 3L);
        TensorException e = assertThrows(TensorException.class, () -> DecoderConfig.fromMap(more));
        assertTrue(e.getMessage().contains("'beam'"), e.getMessage());
    }

    @Test
    void everyKindOfScalingAndExpertsComeBackFromJson() {
        for (RopeScaling scaling : List.of(new RopeScaling.None(), new RopeScaling.Linear(2.5),
                new RopeScaling.Llama3(8, 1, 4, 8192), new RopeScaling.Yarn(4, 32768, 32, 1, 1.13),
                new RopeScaling.Divided(List.of(1.0, 8.0)))) {
            DecoderConfig c = DecoderConfig.llama(11, 16, 1, 4, 2, 16, 24)
                    .with(Positions.rotary(500, 4).withScaling(scaling));
            assertEquals(c, DecoderConfig.fromMap(Json.parseObject(Json.write(c.toMap()), "test")));
        }
        DecoderConfig experts = mixture();
        assertEquals(experts, DecoderConfig.fromMap(Json.parseObject(Json.write(experts.toMap()), "test")));
    }

    private static DecoderConfig mixture() {
        return DecoderConfig.llama(11, 16, 1, 4, 2, 16, 24).with(
                new Mlp(24, Activation.SILU, true, false, Optional.of(new Experts(8, 2, 24, 0, true))));
    }

    @Test
    void normsOfQueriesAndKeysHaveTheModelsEps() {
        DecoderConfig llama = DecoderConfig.llama(11, 8, 1, 2, 2, 8, 12).with(Norm.rms(0.25));
        for (QkNorm kind : List.of(QkNorm.HEAD, QkNorm.WHOLE)) {
            Layer at = new Decoder(llama.with(llama.attention().withQkNorm(kind)), Rng.of(1));
            for (String name : List.of("model", "layers", "0", "self_attn", "q_norm")) {
                at = at.children().get(name);
            }
            RmsNorm norm = assertInstanceOf(RmsNorm.class, at);
            int width = kind == QkNorm.HEAD ? 4 : 8;
            // 0.5 / sqrt(0.25 + eps)
            assertEquals(Math.sqrt(0.5), norm.forward(Tensor.full(Shape.of(width), DType.F32, 0.5)).get(0), 1e-6);
        }
    }

    @Test
    void aMixtureOfExpertsIsRefusedByName() {
        TensorException e = assertThrows(TensorException.class, () -> new Decoder(mixture(), Rng.of(1)));
        assertTrue(e.getMessage().contains("8 experts"), e.getMessage());
    }

    @Test
    void aWindowInSomeLayersSeesFurtherThanInAll() {
        DecoderConfig plain = DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24);
        Tensor ids = ids(1, 12, 11, 8);
        Tensor other = Tensor.cat(1, ids.slice(1, 0, 1).add(1).mod(11), ids.slice(1, 1, 12));
        // Two layers of 3 tokens reach 4 tokens back: the last logits know nothing of the first id.
        for (Window w : List.of(Window.of(3), new Window(3, 1, 0), new Window(3, 0, 2), Window.NONE)) {
            Decoder model = new Decoder(windowed(plain, w), Rng.of(1));
            boolean reaches = NoGrad.call(() -> model.logits(ids).slice(1, 11, 12).ne(model.logits(other).slice(1, 11, 12))
                    .any().item() == 1);
            assertEquals(!w.equals(Window.of(3)), reaches, w.toString());
        }
    }

    @Test
    void withoutTheCausalMaskEarlierTokensSeeLaterOnes() {
        DecoderConfig causal = DecoderConfig.llama(11, 16, 1, 4, 2, 16, 24);
        Decoder model = new Decoder(causal.with(causal.attention().withCausal(false)), Rng.of(1));
        Tensor a = ids(1, 6, 11, 8);
        Tensor b = Tensor.cat(1, a.slice(1, 0, 5), a.slice(1, 5, 6).add(1).mod(11));
        assertTrue(NoGrad.call(() -> model.logits(a).slice(1, 0, 1).ne(model.logits(b).slice(1, 0, 1)).any().item() == 1));
        assertThrows(TensorException.class,
                () -> causal.attention().withCausal(false).withWindow(Window.of(3)));
    }

    @Test
    void namesAreHuggingFacesAndATiedHeadIsStoredOnce() {
        Decoder llama = new Decoder(DecoderConfig.llama(11, 16, 1, 4, 2, 16, 24), Rng.of(1));
        assertEquals(List.of("model.embed_tokens.weight", "model.layers.0.input_layernorm.weight",
                "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.k_proj.weight",
                "model.layers.0.self_attn.v_proj.weight", "model.layers.0.self_attn.o_proj.weight",
                "model.layers.0.post_attention_layernorm.weight", "model.layers.0.mlp.gate_proj.weight",
                "model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.down_proj.weight", "model.norm.weight",
                "lm_head.weight"), List.copyOf(llama.parameters().keySet()));
        Decoder tied = new Decoder(DecoderConfig.gpt2(11, 16, 1, 2, 8), Rng.of(1));
        assertFalse(tied.parameters().containsKey("lm_head.weight"));
    }

    @Test
    void badInputIsNamed() {
        Decoder model = new Decoder(DecoderConfig.gpt2(11, 16, 1, 2, 8), Rng.of(1));
        assertThrows(ShapeException.class, () -> model.logits(Tensor.ofInts(new int[17], 1, 17)));
        assertThrows(ShapeException.class, () -> model.logits(Tensor.ofInts(new int[0], 1, 0)));
        assertThrows(ShapeException.class, () -> model.logits(Tensor.ofInts(new int[3])));
        assertThrows(TensorException.class, () -> model.logits(Tensor.zeros(1, 3)));
        assertThrows(IndexOutOfRangeException.class, () -> model.logits(Tensor.ofInts(new int[] {1, 11}, 1, 2)));
        AutoregressiveGenerator generator = new AutoregressiveGenerator(model);
        assertThrows(TensorException.class,
                () -> generator.generate(new int[0], GenerationConfig.greedy(1), id -> true));
        assertThrows(IndexOutOfRangeException.class,
                () -> generator.generate(new int[] {-1}, GenerationConfig.greedy(1), id -> true));
        assertThrows(TensorException.class, () -> DecoderConfig.gpt2(11, 16, 1, 3, 8));
        assertThrows(TensorException.class, () -> DecoderConfig.llama(11, 16, 1, 4, 3, 16, 24));
        assertThrows(TensorException.class, () -> Scoring.meanLoss(model, new int[8], 8));
    }

    @Test
    void generationIsTheSameWithAndWithoutTheCacheBeyondTheContext() {
        Decoder model = new Decoder(DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24), Rng.of(1));
        AutoregressiveGenerator generator = new AutoregressiveGenerator(model);
        GenerationConfig config = GenerationConfig.greedy(50).with(Sampling.temperature(1), 3);
        int[] prompt = {1, 2, 3};
        int[] cached = generator.generate(prompt, config, id -> true);
        assertEquals(50, cached.length);
        assertArrayEquals(cached, generator.generate(prompt, config.withCache(false), id -> true));
        assertFalse(Arrays.equals(cached,
                generator.generate(prompt, config.with(Sampling.temperature(1), 4), id -> true)));
        int[] longPrompt = ids(1, 40, 11, 6).toIntArray();
        assertArrayEquals(generator.generate(longPrompt, config, id -> true),
                generator.generate(longPrompt, config.withCache(false), id -> true));
    }

    @Test
    void aLimitThatIsNeverReachedCostsNothing() {
        AutoregressiveGenerator generator = new AutoregressiveGenerator(
                new Decoder(DecoderConfig.gpt2(11, 8, 1, 1, 4), Rng.of(1)));
        int[] made = {0};
        GenerationConfig unlimited = GenerationConfig.greedy(Integer.MAX_VALUE).with(Sampling.temperature(1), 3);
        int[] some = generator.generate(new int[] {1}, unlimited, id -> ++made[0] < 2500);
        assertArrayEquals(generator.generate(new int[] {1},
                GenerationConfig.greedy(2500).with(Sampling.temperature(1), 3), id -> true), some);
    }

    @Test
    void stopsAtAStopTextAndStreamsTheRest() {
        CharTokenizer tokenizer = CharTokenizer.of("abcdefghijk");
        Decoder model = new Decoder(DecoderConfig.gpt2(11, 16, 1, 2, 8), Rng.of(1));
        TextGenerator generator = new TextGenerator(tokenizer, new AutoregressiveGenerator(model));
        GenerationConfig config = GenerationConfig.greedy(40).with(Sampling.temperature(1), 1);
        TextGenerator.Result free = generator.generate("abc", config, s -> { });
        assertEquals(43, free.text().length());
        assertEquals("abc" + free.continuation(), free.text());
        String stop = free.continuation().substring(10, 13);
        StringBuilder streamed = new StringBuilder();
        TextGenerator.Result stopped = generator.generate("abc", config.withStop(List.of("zz", stop)), streamed::append);
        assertEquals(free.continuation().substring(0, free.continuation().indexOf(stop)), stopped.continuation());
        assertEquals(stopped.continuation(), streamed.toString());
        assertThrows(TensorException.class, () -> generator.generate("", config, s -> { }));
    }

    @Test
    void scoringAddsUp() {
        Decoder model = new Decoder(DecoderConfig.gpt2(11, 16, 1, 2, 8), Rng.of(1));
        int[] text = ids(1, 33, 11, 7).toIntArray();
        double sum = 0;
        for (int w = 0; w < 4; w++) {
            for (double p : Scoring.logProbabilities(model, Arrays.copyOfRange(text, 8 * w, 8 * w + 9))) {
                sum -= p;
            }
        }
        assertEquals(sum / 32, Scoring.meanLoss(model, text, 8), 1e-9);
        assertEquals(Math.exp(sum / 32), Scoring.perplexity(model, text, 8), 1e-6);
    }
}
