package dev.ricci.models.diffusion;

import static dev.ricci.models.diffusion.TinyDiffusion.CONTEXT;
import static dev.ricci.models.diffusion.TinyDiffusion.MASK;
import static dev.ricci.models.diffusion.TinyDiffusion.VOCABULARY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MaskedDiffusionTest {
    private static final int IGNORED = Functional.IGNORE_INDEX;

    private static Batch batch(int rows) {
        Tensor ids = Rng.of(5).ints(VOCABULARY - 1, rows, CONTEXT);
        return new Batch(ids, ids);
    }

    /** The sum of -log p(id) / q over hidden ids, in double precision, each block from a pass of its own. */
    private static double direct(Decoder model, Batch batch, MaskedDiffusion.Noisy noisy) {
        int block = model.config().diffusion().get().block();
        int size = block == 0 ? CONTEXT : block;
        boolean[] masked = booleans(noisy.masked());
        float[] weights = noisy.weights().toFloatArray();
        int[] clean = batch.inputs().toIntArray();
        double sum = 0;
        for (int start = 0; start < CONTEXT; start += size) {
            Tensor seen = start == 0 ? noisy.ids().slice(1, 0, size)
                    : Tensor.cat(1, batch.inputs().slice(1, 0, start), noisy.ids().slice(1, start, start + size));
            double[] logits = NoGrad.call(() -> model.logits(seen)).toDoubleArray();
            for (int row = 0; row < batch.size(); row++) {
                for (int i = start; i < start + size; i++) {
                    int at = row * CONTEXT + i;
                    if (masked[at]) {
                        double[] z = Arrays.copyOfRange(logits, (row * (start + size) + i) * VOCABULARY,
                                (row * (start + size) + i + 1) * VOCABULARY);
                        double total = Arrays.stream(z).map(Math::exp).sum();
                        sum += weights[at] * (Math.log(total) - z[clean[at]]);
                    }
                }
            }
        }
        return sum;
    }

    private static boolean[] booleans(Tensor t) {
        double[] values = t.to(DType.F64).toDoubleArray();
        boolean[] b = new boolean[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = values[i] != 0;
        }
        return b;
    }

    @Test
    void theLossIsTheSumOverHiddenIdsDoneByHand() {
        for (int block : new int[] {0, 1, 4, CONTEXT}) {
            Decoder model = TinyDiffusion.model(block);
            MaskedDiffusion objective = new MaskedDiffusion(model, NoiseRange.FULL);
            Batch batch = batch(3);
            double expected = direct(model, batch, objective.hide(batch, Rng.of(9)));
            assertEquals(expected, objective.loss(batch, Rng.of(9)).item(), 2e-5 * expected, "block " + block);
        }
    }

    /** A mask id in the middle of the vocabulary moves the others, in the loss and in its gradient. */
    @Test
    void theMaskMayBeAnyId() {
        Batch all = batch(3);
        Batch batch = new Batch(all.inputs().eq(3).where(Tensor.ofInts(new int[] {4}).reshape(), all.inputs()), all.inputs());
        for (double cap : new double[] {0, 5}) {
            Decoder model = TinyDiffusion.model(TinyDiffusion.config(3, 4).withScales(1, cap));
            MaskedDiffusion objective = new MaskedDiffusion(model, NoiseRange.FULL);
            MaskedDiffusion.Noisy noisy = objective.hide(batch, Rng.of(9));
            Tensor loss = objective.loss(batch, Rng.of(9));
            assertEquals(direct(model, batch, noisy), loss.item(), 1e-4);
            Tensor hidden = MaskedDiffusion.hiddenStates(model, noisy.ids(), batch.inputs());
            Tensor other = Functional.tokenCrossEntropy(model.head(hidden), batch.inputs(), IGNORED, 0).mul(noisy.weights())
                    .sum();
            Gradients expected = Gradients.of(other);
            Gradients found = Gradients.of(loss);
            model.parameters().forEach((path, p) -> assertArrayEquals(expected.get(p.variable()).toFloatArray(),
                    found.get(p.variable()).toFloatArray(), 1e-4f, path));
        }
    }

    @Test
    void theMaskIsNeverPredicted() {
        for (int block : new int[] {0, 4}) {
            Decoder model = TinyDiffusion.model(block);
            Tensor logits = NoGrad.call(() -> model.logits(batch(2).inputs()));
            assertEquals(Double.NEGATIVE_INFINITY, logits.slice(2, MASK, VOCABULARY).max().item());
            assertTrue(logits.slice(2, 0, MASK).isFinite().all().item() != 0);
        }
    }

    @Test
    void hidesAsOftenAsItSays() {
        MaskedDiffusion objective = new MaskedDiffusion(TinyDiffusion.model(4), new NoiseRange(0.4, 0.6));
        Batch batch = batch(50);
        MaskedDiffusion.Noisy noisy = objective.hide(batch, Rng.of(2));
        double part = noisy.masked().to(DType.F32).mean().item();
        assertEquals(0.5, part, 0.03);
        assertTrue(noisy.ids().eq(MASK).eq(noisy.masked()).all().item() != 0);
        assertTrue(noisy.masked().logicalNot().logicalAnd(noisy.ids().ne(batch.inputs())).any().item() == 0);
        // Divided by B L and not by the number of hidden ids: each weight is 1 / (p B L).
        Tensor p = noisy.weights().mul(50 * CONTEXT).reciprocal();
        assertTrue(noisy.masked().where(p, Tensor.scalar(0.5)).ge(0.399).all().item() != 0);
        assertTrue(noisy.masked().where(p, Tensor.scalar(0.5)).le(0.601).all().item() != 0);
        // One p a block, spread evenly: as many different ones as blocks.
        Set<Float> different = new HashSet<>();
        for (float w : noisy.weights().toFloatArray()) {
            different.add(w);
        }
        assertTrue(different.size() > 250 && different.size() <= 301, "different weights: " + different.size());
    }

    /** The expectation does not depend on how values of p are spread: for each row and block they are uniform. */
    @Test
    void eachBlockHasEveryAmountOfNoise() {
        MaskedDiffusion objective = new MaskedDiffusion(TinyDiffusion.model(12), NoiseRange.FULL);
        double[] hidden = new double[4];
        int draws = 2000;
        for (int i = 0; i < draws; i++) {
            float[] parts = objective.hide(batch(2), Rng.of(3).split(i)).masked().to(DType.F32)
                    .reshape(4, 12).mean(1).toFloatArray();
            for (int b = 0; b < 4; b++) {
                hidden[b] += parts[b] / draws;
            }
        }
        for (double part : hidden) {
            assertEquals(0.5, part, 0.03);
        }
    }

    @Test
    void givenIdsAreNeverHiddenAndEachRowCountsItsOwn() {
        MaskedDiffusion objective = new MaskedDiffusion(TinyDiffusion.model(0), new NoiseRange(1, 1));
        List<EncodedExample> examples = List.of(EncodedExample.of(new int[] {1, 2, 3}, new int[] {5}),
                EncodedExample.of(new int[] {4}, new int[] {6, 7}));
        Batch batch = DiffusionData.examples(examples, new DecoderConfig.Diffusion(MASK, 0), OptionalInt.of(0)).batch(0, 1);
        assertArrayEquals(new int[] {1, 2, 3, 5, 4, 6, 7, 0}, batch.inputs().toIntArray());
        assertArrayEquals(new int[] {IGNORED, IGNORED, IGNORED, 5, IGNORED, 6, 7, 0}, batch.targets().toIntArray());
        MaskedDiffusion.Noisy noisy = objective.hide(batch, Rng.of(1));
        assertArrayEquals(new int[] {1, 2, 3, MASK, 4, MASK, MASK, MASK}, noisy.ids().toIntArray());
        assertArrayEquals(new float[] {0, 0, 0, 0.5f, 0, 1 / 6f, 1 / 6f, 1 / 6f}, noisy.weights().toFloatArray(), 1e-7f);
    }

    @Test
    void rowsAreWholeBlocksAndWithoutAnEndNothingIsLearnedOfWhatFillsThem() {
        // Two turns, of which the second was cut off behind what is given.
        EncodedExample turns = new EncodedExample(new int[] {1, 2, 3, 4, 5}, new int[] {IGNORED, 3, 4, IGNORED, IGNORED});
        EncodedExample whole = EncodedExample.of(new int[] {6}, new int[] {7});
        Dataset data = DiffusionData.examples(List.of(turns, whole), new DecoderConfig.Diffusion(MASK, 4), OptionalInt.empty());
        Batch batch = data.batch(1, 0);
        assertArrayEquals(new int[] {6, 7, MASK, MASK, MASK, MASK, MASK, MASK, 1, 2, 3, 4, 5, MASK, MASK, MASK},
                batch.inputs().toIntArray());
        assertArrayEquals(new int[] {IGNORED, 7, IGNORED, IGNORED, IGNORED, IGNORED, IGNORED, IGNORED,
            IGNORED, IGNORED, 3, 4, IGNORED, IGNORED, IGNORED, IGNORED}, batch.targets().toIntArray());
        assertEquals(4, data.batch(1).inputs().dim(1));
        refused(() -> DiffusionData.examples(List.of(), new DecoderConfig.Diffusion(MASK, 0), OptionalInt.empty()),
                "no example");
        refused(() -> EncodedExample.of(new int[0], new int[] {1}), "one id or more");
    }

    /** The mask id in a text is nothing to be learned. */
    @Test
    void theMaskItselfIsNeverHidden() {
        MaskedDiffusion objective = new MaskedDiffusion(TinyDiffusion.model(0), new NoiseRange(1, 1));
        Tensor ids = Tensor.ofInts(new int[] {1, MASK, 3, 4}, 1, 4);
        assertArrayEquals(new float[] {1 / 3f, 0, 1 / 3f, 1 / 3f}, objective.hide(new Batch(ids, ids), Rng.of(1)).weights()
                .toFloatArray(), 1e-7f);
        assertTrue(Double.isFinite(objective.loss(new Batch(ids, ids), Rng.of(1)).item()));
    }

    @Test
    void aBatchWithNothingHiddenHasNoLoss() {
        Batch batch = new Batch(batch(2).inputs(), Tensor.full(Shape.of(2, CONTEXT),
                DType.I32, IGNORED));
        for (int block : new int[] {0, 4}) {
            Decoder model = TinyDiffusion.model(block);
            Tensor loss = new MaskedDiffusion(model, NoiseRange.FULL).loss(batch, Rng.of(1));
            assertEquals(0, loss.item());
            Gradients g = Gradients.of(loss);
            model.parameters().forEach((path, p) -> assertEquals(0, g.get(p.variable()).abs().max().item(), path));
        }
    }

    @Test
    void someBatchesAreShorter() {
        Dataset data = DiffusionData.windows(TokenWindows.everywhere(Rng.of(1).ints(10, 500).toIntArray(), CONTEXT), 0.3, 4);
        Set<Integer> lengths = new HashSet<>();
        int cut = 0;
        for (int i = 0; i < 400; i++) {
            Batch batch = data.batch(i, i + 3);
            assertTrue(batch.inputs().eq(data.batch(i, i + 3).inputs()).all().item() != 0);
            assertEquals(2 * batch.inputs().dim(1), batch.targetCount());
            lengths.add(batch.inputs().dim(1));
            cut += batch.inputs().dim(1) < CONTEXT ? 1 : 0;
        }
        assertEquals(Set.of(4, 8, 12, 16, 20, 24), lengths);
        assertEquals(400 * 0.3 * 5 / 6, cut, 30);
    }

    @Test
    void refusesWhatDoesNotFit() {
        DecoderConfig causal = DecoderConfig.llama(VOCABULARY, CONTEXT, 2, 4, 2, 16, 24);
        refused(() -> new MaskedDiffusion(new Decoder(causal, Rng.of(1)), NoiseRange.FULL), "from left to right");
        refused(() -> TinyDiffusion.config(VOCABULARY, 0), "mask id 11 lies outside the vocabulary 0 .. 10");
        refused(() -> TinyDiffusion.config(MASK, CONTEXT + 1), "exceeds the context");
        refused(() -> TinyDiffusion.config(MASK, -1), "block");
        refused(() -> TinyDiffusion.config(MASK, 0).with(causal.attention()), "not causal");
        refused(() -> new NoiseRange(0, 1), "0.001");
        refused(() -> new NoiseRange(0.5, 0.4), "0.5 .. 0.4");
        MaskedDiffusion objective = new MaskedDiffusion(TinyDiffusion.model(5), NoiseRange.FULL);
        refused(() -> objective.loss(batch(2), Rng.of(1)), "no whole number of blocks of 5");
        refused(() -> new MaskedDiffusion(TinyDiffusion.model(4), NoiseRange.FULL)
                .loss(new Batch(batch(2).inputs(), null), Rng.of(1)), "targets");
        Decoder model = TinyDiffusion.model(0);
        refused(() -> model.loss(batch(2).inputs(), batch(2).inputs()), "masked diffusion model");
        refused(() -> new AutoregressiveGenerator(model).generate(new int[] {1}, GenerationConfig.greedy(1), id -> true),
                "masked diffusion model");
        refused(() -> Scoring.logProbabilities(model, new int[] {1, 2}), "masked diffusion model");
        assertFalse(model.mask().isLeftToRight());
        assertThrows(ShapeException.class, () -> objective.loss(new Batch(Rng.of(1).ints(9, 1, 30), Rng.of(1).ints(9, 1, 30)),
                Rng.of(1)));
    }

    private static void refused(Runnable r, String message) {
        String found = assertThrows(TensorException.class, r::run).getMessage();
        assertTrue(found.contains(message), found);
    }
}
