package dev.ricci.bench.peers;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.nn.Losses;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same model, the same first weights, the same batches of real text, 50 steps of AdamW with warm-up, cosine
 * schedule, decay of matrices only and clipping: once here, once in libtorch. The losses must agree.
 */
class TorchLossCurveTest {
    private static final int STEPS = 50;
    private static final int BATCH = 12;
    private static final int CONTEXT = 64;
    private static final double TOLERANCE = 1e-3;
    private static final double WEIGHT_TOLERANCE = 1e-4;
    private static final Schedule RATE = Schedule.cosine(1e-3, 1e-4, STEPS - 10).warmUp(10);
    private static final TorchDecoder.Optimizer NUMBERS = new TorchDecoder.Optimizer(0.9, 0.99, 1e-8, 0.1, 1.0);

    private record Batch(Tensor ids, Tensor targets) {
    }

    private record Text(CharTokenizer tokenizer, int[] ids, String name) {
        /** Plays if they lie in the data folder, otherwise the project's own page. */
        static Text read() throws IOException {
            Path plays = Path.of(System.getProperty("ricci.data", "."), "text/tinyshakespeare.txt");
            Path file = Files.exists(plays) ? plays : Path.of(System.getProperty("ricci.root"), "README.md");
            String text = Files.readString(file);
            CharTokenizer tokenizer = CharTokenizer.of(text);
            return new Text(tokenizer, tokenizer.encode(text), file.getFileName().toString());
        }

        Batch batch(Rng rng) {
            int[] starts = rng.ints(ids.length - CONTEXT - 1, BATCH).toIntArray();
            int[] x = new int[BATCH * CONTEXT];
            int[] y = new int[BATCH * CONTEXT];
            for (int b = 0; b < BATCH; b++) {
                System.arraycopy(ids, starts[b], x, b * CONTEXT, CONTEXT);
                System.arraycopy(ids, starts[b] + 1, y, b * CONTEXT, CONTEXT);
            }
            return new Batch(Tensor.ofInts(x, BATCH, CONTEXT), Tensor.ofInts(y, BATCH, CONTEXT));
        }
    }

    private static DecoderConfig config(String family, int vocab) {
        return switch (family) {
            case "gpt2" -> DecoderConfig.gpt2(vocab, CONTEXT, 4, 4, 128);
            case "llama" -> DecoderConfig.llama(vocab, CONTEXT, 4, 4, 2, 128, 344);
            default -> throw new IllegalArgumentException(family);
        };
    }

    @ParameterizedTest(name = "{0}, seed {1}, fused in libtorch: {2}")
    @CsvSource({"gpt2, 1, false", "gpt2, 2, false", "gpt2, 3, false", "gpt2, 1, true", "llama, 1, false",
            "llama, 2, false", "llama, 3, false", "llama, 1, true"})
    void curvesAgree(String family, long seed, boolean fused) throws IOException {
        Text text = Text.read();
        Rng rng = Rng.of(seed);
        Decoder ours = new Decoder(config(family, text.tokenizer.vocabSize()), rng.split("model"));
        AdamW adamW = AdamW.of(ours.parameters(), RATE, AdamW.Options.DEFAULT
                .withBetas(NUMBERS.beta1(), NUMBERS.beta2()).withEps(NUMBERS.eps())
                .withWeightDecay(NUMBERS.weightDecay())
                .withGroups(ParameterGroup.noDecayForVectors()));
        TorchDecoder.Means means = fused ? TorchDecoder.Means.FUSED : TorchDecoder.Means.ELEMENTARY;
        double[] here = new double[STEPS];
        double[] torch = new double[STEPS];
        try (TorchDecoder theirs = new TorchDecoder(ours, means, NUMBERS)) {
            for (int step = 0; step < STEPS; step++) {
                Batch batch = text.batch(rng.split("batches").split(step));
                torch[step] = theirs.step(batch.ids, batch.targets, RATE.at(step), step + 1);
                Tensor loss = Losses.crossEntropy(ours.logits(batch.ids), batch.targets);
                here[step] = loss.item();
                adamW.step(Gradients.of(loss).clipByGlobalNorm(NUMBERS.clip()));
            }
            Map<String, Double> weights = differences(ours, theirs);
            report(ours, seed, text.name, means, here, torch, weights);
            assertTrue(weight(weights, false) < WEIGHT_TOLERANCE, () -> "weights differ: " + weights);
        }
        assertTrue(here[STEPS - 1] < here[0] - 0.5, "it learns: " + here[0] + " to " + here[STEPS - 1]);
        double difference = largest(here, torch);
        assertTrue(difference < TOLERANCE, "losses differ by " + difference);
    }

    /**
     * The largest difference of the keys' biases, or of all other weights; NaN if there are none. Softmax is
     * blind to a bias of the keys, so its gradient is zero but for rounding, which AdamW divides by its own size: these
     * biases wander.
     */
    private static double weight(Map<String, Double> differences, boolean keyBiases) {
        return differences.entrySet().stream().filter(e -> e.getKey().endsWith("k_proj.bias") == keyBiases)
                .mapToDouble(Map.Entry::getValue).max().orElse(Double.NaN);
    }

    private static double largest(double[] a, double[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            // Not Math.max alone: a NaN must not pass.
            largest = Double.isNaN(a[i] - b[i]) ? Double.POSITIVE_INFINITY : Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private static Map<String, Double> differences(Decoder ours, TorchDecoder theirs) {
        Map<String, Double> differences = new LinkedHashMap<>();
        Map<String, Tensor> state = ours.stateDict();
        theirs.weights().forEach((name, w) -> differences.put(name, largest(state.get(name).toDoubleArray(), w)));
        return differences;
    }

    private static void report(Decoder ours, long seed, String text, TorchDecoder.Means means, double[] here,
            double[] torch, Map<String, Double> weights) {
        StringBuilder s = new StringBuilder();
        s.append(String.format(Locale.ROOT, "%n%s%nseed %d, %s, %d parameters, libtorch %s%n", ours.config(), seed,
                text, ours.parameterCount(), means));
        s.append(" step   learning rate   loss here       loss libtorch   difference\n");
        for (int i = 0; i < here.length; i++) {
            s.append(String.format(Locale.ROOT, "%5d   %.6f        %.8f      %.8f      %+.1e%n", i + 1, RATE.at(i),
                    here[i], torch[i], here[i] - torch[i]));
        }
        s.append(String.format(Locale.ROOT, "largest difference of the loss: %.2e%n", largest(here, torch)));
        s.append(String.format(Locale.ROOT, "largest difference of a weight after %d steps: %.2e%n", here.length,
                weight(weights, false)));
        double keyBiases = weight(weights, true);
        if (!Double.isNaN(keyBiases)) {
            s.append(String.format(Locale.ROOT, "and of the keys' biases: %.2e%n", keyBiases));
        }
        System.out.print(s);
    }
}
