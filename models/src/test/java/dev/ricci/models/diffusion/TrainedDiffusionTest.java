package dev.ricci.models.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig.Diffusion;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Models that learned something. */
class TrainedDiffusionTest {
    private static final int LETTERS = 10;
    private static final int LENGTH = 12;
    private static final int PROMPTS = 200;

    private static Decoder model(int block, long seed) {
        return new Decoder(DecoderConfig.llama(LETTERS + 1, LENGTH, 2, 4, 2, 32, 64).withTiedHead(true)
                .with(new Diffusion(LETTERS, block)), Rng.of(seed));
    }

    private static void train(Decoder model, Batch examples, int steps, int batch) throws IOException {
        MaskedDiffusion objective = new MaskedDiffusion(model, NoiseRange.FULL);
        DataLoader loader = DataLoader.of(InMemory.of(examples.inputs(), examples.targets()),
                DataLoader.Options.shuffled(batch, 1).withPrefetch(0));
        Trainer.of(model, objective::loss, loader, AdamW.of(model.parameters(), 5e-3),
                TrainerOptions.of(steps).withClipNorm(1).withSeed(3).withCaptured(true)).run();
    }

    @Test
    void whatIsLearnedByHeartIsWritten() throws IOException {
        List<int[]> starts = new ArrayList<>();
        List<int[]> rests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            starts.add(new int[] {i, i});
            rests.add(new Random(i).ints(LENGTH - 2, 0, LETTERS).toArray());
        }
        Batch rows = DiffusionData.examples(IntStream.range(0, 4).mapToObj(i -> EncodedExample.of(starts.get(i), rests.get(i)))
                .toList(), new DecoderConfig.Diffusion(LETTERS, 0), OptionalInt.empty()).batch(0, 1, 2, 3);
        for (int block : new int[] {0, 1, 4}) {
            Decoder model = model(block, 2);
            train(model, rows, block == 0 ? 500 : 250, 4);
            DiffusionOptions usual = DiffusionOptions.of(model);
            List<DiffusionOptions> ways = block > 0 ? List.of(usual, usual.with(new Unmasking.FirstHitting()))
                    : List.of(usual, usual.with(new Unmasking.Steps(10)));
            int tokens = block == 4 ? 8 : 10;
            for (DiffusionOptions options : ways) {
                int right = 0;
                for (int i = 0; i < 4; i++) {
                    int[] made = new DiffusionGenerator(model, options).denoise(starts.get(i),
                            GenerationConfig.greedy(tokens), r -> { }).ids();
                    int[] rest = rests.get(i);
                    right += (int) IntStream.range(0, tokens).filter(k -> made[k + 2] == rest[k]).count();
                }
                assertTrue(right >= 0.9 * 4 * tokens, right + " of " + 4 * tokens + ", block " + block + ", " + options);
            }
        }
    }

    /** After each letter x one of 2 x, 2 x + 1 and 2 x + 3. */
    private static Batch walks(int n) {
        Random random = new Random(5);
        int[] ids = new int[n * LENGTH];
        for (int i = 0; i < ids.length; i++) {
            int[] steps = {0, 1, 3};
            ids[i] = i % LENGTH == 0 ? random.nextInt(LETTERS) : (2 * ids[i - 1] + steps[random.nextInt(3)]) % LETTERS;
        }
        Tensor rows = Tensor.ofInts(ids, n, LENGTH);
        return new Batch(rows, rows);
    }

    /** In single precision, too, since a product's row has the same bits among few and among many. */
    @Test
    void theExactCacheOfATrainedModelChangesNoId() throws IOException {
        Decoder model = model(3, 4);
        Batch walks = walks(1000);
        train(model, walks, 200, 16);
        double loss = DiffusionScoring.meanLoss(model, walks.inputs().toIntArray(), LENGTH, 1);
        assertTrue(loss < 1.8, "a loss of " + loss + "; without learning it is " + Math.log(LETTERS) + ", at best near "
                + Math.log(3));
        DiffusionGenerator exact = new DiffusionGenerator(model, DiffusionOptions.of(model).with(
                new Unmasking.Confidence(0.8)));
        DiffusionGenerator anew = new DiffusionGenerator(model, exact.options().with(Caching.NONE));
        Set<String> texts = new HashSet<>();
        List<int[]> written = new ArrayList<>();
        for (int i = 0; i < PROMPTS; i++) {
            int[] ids = text(exact, walks, i);
            assertArrayEquals(text(anew, walks, i), ids);
            written.add(ids);
            texts.add(Arrays.toString(Arrays.copyOfRange(ids, i % 4, i % 4 + 9)));
        }
        assertTrue(texts.size() >= 100, "different texts: " + texts.size());

        model.convert(DType.F64);
        int same = 0;
        for (int i = 0; i < PROMPTS; i++) {
            int[] ids = text(exact, walks, i);
            assertArrayEquals(text(anew, walks, i), ids);
            same += Arrays.equals(written.get(i), ids) ? 1 : 0;
        }
        assertTrue(same >= 0.9 * PROMPTS, "in double precision the same: " + same + " of " + PROMPTS);
        assertEquals(DType.F64, NoGrad.call(() -> model.logits(walks.inputs().slice(0, 0, 1))).dtype());
    }

    /** A walk continued from its first 0 to 3 letters. */
    private static int[] text(DiffusionGenerator generator, Batch walks, int i) {
        int[] prompt = walks.inputs().slice(0, i, i + 1).slice(1, 0, i % 4).toIntArray();
        return generator.denoise(prompt, GenerationConfig.greedy(9).with(Sampling.temperature(0.8), i), r -> { }).ids();
    }
}
