package dev.ricci.bench.peers;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Losses;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.Threads;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.LongConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The time of a training step beside libtorch's, in one process, step by step in turn, so that whatever else the
 * machine does slows down both. The yardstick: 4 layers, width 256, 4 heads, 128 tokens, batch 8, vocabulary 4096,
 * tied head, AdamW with clipping. It measures and asserts nothing, so its name keeps it out of a run of all tests.
 * Properties: {@code peers.steps} (30) and {@code peers.warmup} (15) steps.
 */
class TorchTrainStep {
    private static final int TOKENS = 128;
    private static final int BATCH = 8;
    private static final int VOCABULARY = 4096;
    private static final double RATE = 3e-4;
    private static final TorchDecoder.Optimizer NUMBERS = new TorchDecoder.Optimizer(0.9, 0.95, 1e-8, 0.1, 1.0);

    static int[] threads() {
        int all = Threads.available();
        return all == 1 ? new int[] {1} : new int[] {1, all};
    }

    /** Times of one contestant, in milliseconds. */
    private record Times(String name, double[] ms) {
        double median() {
            double[] sorted = ms.clone();
            Arrays.sort(sorted);
            int half = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
        }

        double best() {
            return Arrays.stream(ms).min().orElseThrow();
        }
    }

    @ParameterizedTest(name = "{0} threads")
    @MethodSource("threads")
    void trainStep(int threads) {
        int steps = Integer.getInteger("peers.steps", 30);
        int warmup = Integer.getInteger("peers.warmup", 15);
        Torch.threads(threads);
        Decoder model = new Decoder(DecoderConfig.gpt2(VOCABULARY, TOKENS, 4, 4, 256), Rng.of(1));
        AdamW adamW = AdamW.of(model.parameters(), Schedule.constant(RATE), AdamW.Options.DEFAULT
                .withBetas(NUMBERS.beta1(), NUMBERS.beta2()).withWeightDecay(NUMBERS.weightDecay())
                .withGroups(ParameterGroup.noDecayForVectors()));
        Tensor ids = Rng.of(2).ints(VOCABULARY, BATCH, TOKENS);
        Tensor targets = Rng.of(3).ints(VOCABULARY, BATCH, TOKENS);
        try (TorchDecoder elementary = new TorchDecoder(model, TorchDecoder.Means.ELEMENTARY, NUMBERS);
                TorchDecoder fused = new TorchDecoder(model, TorchDecoder.Means.FUSED, NUMBERS)) {
            String[] names = {"Ricci", "libtorch, elementary operations", "libtorch, fused attention and AdamW"};
            LongConsumer[] contestants = {
                n -> Threads.limit(threads, () -> adamW.step(Gradients.of(
                        Losses.crossEntropy(model.logits(ids), targets)).clipByGlobalNorm(NUMBERS.clip()))),
                n -> elementary.step(ids, targets, RATE, n),
                n -> fused.step(ids, targets, RATE, n)};
            Times[] times = new Times[names.length];
            Arrays.setAll(times, i -> new Times(names[i], new double[steps]));
            for (int n = 1; n <= warmup + steps; n++) {
                for (int i = 0; i < contestants.length; i++) {
                    long began = System.nanoTime();
                    contestants[i].accept(n);
                    if (n > warmup) {
                        times[i].ms[n - 1 - warmup] = (System.nanoTime() - began) / 1e6;
                    }
                }
            }
            report(threads, model.parameterCount(), times);
        }
    }

    private static void report(int threads, long parameters, Times[] times) {
        double ours = times[0].median();
        System.out.printf(Locale.ROOT, "%nTraining step, %d parameters, %d tokens, %d threads, %s, %d steps each%n",
                parameters, BATCH * TOKENS, threads, Backends.cpu().name(), times[0].ms.length);
        System.out.printf("%-36s %11s %10s %10s   Ricci's time / its%n", "", "median ms", "best ms", "tokens/s");
        for (Times t : times) {
            System.out.printf(Locale.ROOT, "%-36s %11.1f %10.1f %10.0f   %.2f%n", t.name, t.median(), t.best(),
                    BATCH * TOKENS / t.median() * 1000, ours / t.median());
        }
    }
}
