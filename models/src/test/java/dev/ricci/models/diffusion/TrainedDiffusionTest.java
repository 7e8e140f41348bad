package dev.ricci.models.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Models that learned something. */
class TrainedDiffusionTest {
    private static final int LETTERS = 10;
    private static final int HALF = 6;
    /** Prompts in double precision, which takes a while; the full number is 200. */
    private static final int PROMPTS_F64 = Integer.getInteger("ricci.diffusion.prompts", 12);

    private static Decoder model(int context, int block, long seed) {
        return new Decoder(DecoderConfig.llama(LETTERS + 1, context, 2, 4, 2, 32, 64).withTiedHead(true)
                .with(new Diffusion(LETTERS, block)), Rng.of(seed));
    }

    private static void train(Decoder model, Batch examples, int steps, int batch) throws IOException {
        MaskedDiffusion objective = new MaskedDiffusion(model, NoiseRange.FULL);
        DataLoader loader = DataLoader.of(InMemory.of(examples.inputs(), examples.targets()),
                DataLoader.Options.shuffled(batch, 1).withPrefetch(0));
        Trainer.of(model, objective::loss, loader, AdamW.of(model.parameters(), 5e-3),
                TrainerOptions.of(steps).withClipNorm(1).withSeed(3)).run();
    }

    @Test
    void whatIsLearnedByHeartIsWritten() throws IOException {
        int[] ids = new Random(1).ints(4 * 16, 0, LETTERS).toArray();
        for (int i = 0; i < 4; i++) {
            ids[i * 16] = i;
        }
        Tensor rows = Tensor.ofInts(ids, 4, 16);
        for (int block : new int[] {0, 1, 4}) {
            Decoder model = model(16, block, 2);
            train(model, new Batch(rows, rows), 200, 4);
            DiffusionOptions usual = DiffusionOptions.of(model);
            List<DiffusionOptions> ways = block > 0 ? List.of(usual, usual.with(new Unmasking.FirstHitting()))
                    : List.of(usual, usual.withBlock(5).with(Caching.DUAL), usual.with(new Unmasking.Steps(15)));
            for (DiffusionOptions options : ways) {
                for (int i = 0; i < 4; i++) {
                    int[] expected = Arrays.copyOfRange(ids, i * 16, (i + 1) * 16);
                    int[] prompt = Arrays.copyOf(expected, block > 0 ? Math.max(1, block) : 1);
                    assertArrayEquals(expected, new DiffusionGenerator(model, options).denoise(prompt,
                            GenerationConfig.greedy(16 - prompt.length), r -> { }).ids(), "block " + block + ", " + options);
                }
            }
            assertTrue(DiffusionScoring.bound(model, Arrays.copyOf(ids, 16), 1, 8, 1).nats() < 15 * 0.3);
        }
    }

    /** Six letters and their reverse. */
    private static Batch reversals(int n) {
        Random random = new Random(5);
        List<int[]> prompts = new ArrayList<>();
        List<int[]> answers = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            int[] letters = random.ints(HALF, 0, LETTERS).toArray();
            int[] reversed = new int[HALF];
            Arrays.setAll(reversed, k -> letters[HALF - 1 - k]);
            prompts.add(letters);
            answers.add(reversed);
        }
        return DiffusionData.answers(prompts, answers, 2 * HALF, 0).batch(java.util.stream.IntStream.range(0, n).toArray());
    }

    @Test
    void theExactCacheOfATrainedModelChangesNoId() throws IOException {
        Decoder model = model(24, 3, 4);
        train(model, reversals(2000), 400, 32);
        DiffusionOptions exact = DiffusionOptions.of(model).with(new Unmasking.Confidence(0.8));
        Set<String> texts = new HashSet<>();
        Random random = new Random(9);
        int right = 0;
        List<int[]> prompts = new ArrayList<>();
        List<GenerationConfig> configs = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            prompts.add(random.ints(HALF, 0, LETTERS).toArray());
            configs.add(GenerationConfig.greedy(12));
            int[] prompt = prompts.get(i);
            int[] cached = new DiffusionGenerator(model, exact).denoise(prompt, configs.get(i), r -> { }).ids();
            assertArrayEquals(new DiffusionGenerator(model, exact.with(Caching.NONE)).denoise(prompt, configs.get(i),
                    r -> { }).ids(), cached);
            texts.add(Arrays.toString(Arrays.copyOfRange(cached, HALF, cached.length)));
            int k = 0;
            while (k < HALF && cached[HALF + k] == prompt[HALF - 1 - k]) {
                k++;
            }
            right += k == HALF ? 1 : 0;
        }
        System.out.println("TRAINED texts " + texts.size() + ", right " + right);
        assertTrue(texts.size() >= 100, "different texts: " + texts.size());
        assertTrue(right >= 100, "right reversals: " + right);

        model.convert(DType.F64);
        for (int i = 0; i < PROMPTS_F64; i++) {
            assertArrayEquals(new DiffusionGenerator(model, exact.with(Caching.NONE)).denoise(prompts.get(i), configs.get(i),
                    r -> { }).ids(), new DiffusionGenerator(model, exact).denoise(prompts.get(i), configs.get(i),
                            r -> { }).ids());
        }
        assertEquals(DType.F64, model.logits(Tensor.ofInts(prompts.getFirst(), 1, HALF)).dtype());
    }
}
