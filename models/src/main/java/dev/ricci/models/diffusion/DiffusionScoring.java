package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.Arrays;

/**
 * How likely a masked diffusion model finds a text: an upper bound on -log p, by the form that varies least (Nie et al. 2025,
 * eq. 14): of the n ids of a sequence, or of each of its blocks, exactly l are hidden, l uniform in 1 .. n, and their losses
 * count n / l. With blocks of one token nothing is random, and the bound is the sum of the conditionals.
 */
public final class DiffusionScoring {
    private static final int ROWS_AT_ONCE = 8;

    private DiffusionScoring() {
    }

    /**
     * A mean of draws.
     *
     * @param nats the mean
     * @param standardError of the mean, 0 if there is one draw
     */
    public record Estimate(double nats, double standardError) {
    }

    /** A row to be scored: as the model sees it, what it is, and how much the loss of each id counts. */
    private record Row(int[] noisy, int[] clean, double[] weights) {
    }

    /**
     * The bound on -log p(ids | their first {@code given}).
     *
     * @param ids at most the model's context; none the mask id
     * @param given how many of them are known, 0 .. ids.length - 1
     * @param draws how often it is drawn, positive; once where nothing is random
     */
    public static Estimate bound(Decoder model, int[] ids, int given, int draws, long seed) {
        int block = MaskedDiffusion.configOf(model, "likelihood").block();
        if (given < 0 || given >= ids.length || draws < 1) {
            throw new TensorException("likelihood: needs draws and ids beyond the given ones, got " + draws + " draws, "
                    + ids.length + " ids and " + given + " given");
        }
        check(model, ids, ids.length);
        int used = block == 1 || given == ids.length - 1 ? 1 : draws;
        double[] losses = new double[used];
        for (int i = 0; i < used; i += ROWS_AT_ONCE) {
            Row[] rows = new Row[Math.min(ROWS_AT_ONCE, used - i)];
            for (int r = 0; r < rows.length; r++) {
                rows[r] = hide(model, ids, given, seed, i + r, used, 0);
            }
            System.arraycopy(losses(model, rows), 0, losses, i, rows.length);
        }
        double mean = Arrays.stream(losses).average().orElseThrow();
        double variance = Arrays.stream(losses).map(x -> (x - mean) * (x - mean)).sum() / Math.max(1, used - 1);
        return new Estimate(mean, Math.sqrt(variance / used));
    }

    /**
     * The bound in nats a token over windows of a text, each of which begins with the last id of the one before, which is
     * given: the same ids are predicted, with the same beginning, as by {@code Scoring.meanLoss(model, ids, window - 1)} of
     * a model that writes from left to right. Each window is drawn once; the amounts of noise are spread evenly over them.
     *
     * @param ids the text, as long as one window at least
     * @param window tokens, 2 or more and at most the model's context
     */
    public static double meanLoss(Decoder model, int[] ids, int window, long seed) {
        int windows = window < 2 ? 0 : (ids.length - 1) / (window - 1);
        if (windows == 0) {
            throw new TensorException("meanLoss: a text of " + ids.length + " tokens is too short for a window of "
                    + window + "; it needs as many, and a window two or more");
        }
        check(model, ids, window);
        double sum = 0;
        for (int w = 0; w < windows; w += ROWS_AT_ONCE) {
            Row[] rows = new Row[Math.min(ROWS_AT_ONCE, windows - w)];
            for (int r = 0; r < rows.length; r++) {
                int from = (w + r) * (window - 1);
                rows[r] = hide(model, Arrays.copyOfRange(ids, from, from + window), 1, seed, w + r, windows, w + r + 1L);
            }
            for (double loss : losses(model, rows)) {
                sum += loss;
            }
        }
        return sum / ((double) windows * (window - 1));
    }

    private static void check(Decoder model, int[] ids, int length) {
        DecoderConfig.Diffusion d = MaskedDiffusion.configOf(model, "likelihood");
        int block = Math.max(1, d.block());
        int context = model.config().contextLength() / block * block;
        if (length > context) {
            throw new TensorException("likelihood: " + length + " tokens exceed the " + context + " that the model reads, in"
                    + " blocks of " + block);
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == d.maskId()) {
                throw new TensorException("likelihood: the id at position " + i + " is the mask, which has no probability");
            }
        }
    }

    /**
     * Hides ids of each block. A last block that is not whole is filled up with hidden ids that do not count.
     *
     * @param draw this one of {@code draws} among which the amounts of noise are spread evenly
     * @param stream with the seed decides how they begin
     */
    private static Row hide(Decoder model, int[] ids, int given, long seed, int draw, int draws, long stream) {
        int block = model.config().diffusion().orElseThrow().block();
        int size = block == 0 ? ids.length : block;
        int mask = model.config().diffusion().orElseThrow().maskId();
        int length = (ids.length + size - 1) / size * size;
        int[] clean = Arrays.copyOf(ids, length);
        Arrays.fill(clean, ids.length, length, mask);
        int[] noisy = clean.clone();
        double[] weights = new double[length];
        int[] words = new int[4];
        long streamKey = Philox.split(seed, stream == 0 ? 0 : 1, 0);
        for (int b = 0; b < length / size; b++) {
            int from = Math.max(b * size, given);
            int n = Math.min((b + 1) * size, ids.length) - from;
            if (n <= 0) {
                continue;
            }
            Philox.block(words, Philox.split(streamKey, b, 1), 0);
            double even = Philox.uniform(words[0], words[1]) + (double) draw / draws;
            int hidden = 1 + (int) ((even - Math.floor(even)) * n);
            int[] order = order(from, n, hidden, Philox.split(Philox.split(streamKey, draw, 2), b, stream));
            for (int i = 0; i < hidden; i++) {
                noisy[order[i]] = mask;
                weights[order[i]] = (double) n / hidden;
            }
        }
        return new Row(noisy, clean, weights);
    }

    /** The places from {@code from} on, the first {@code count} of them drawn. */
    private static int[] order(int from, int n, int count, long key) {
        int[] places = new int[n];
        Arrays.setAll(places, i -> from + i);
        int[] words = new int[4];
        for (int i = 0; i < count; i++) {
            Philox.block(words, key, i);
            int j = i + Philox.bounded(words[0], n - i);
            int place = places[j];
            places[j] = places[i];
            places[i] = place;
        }
        return places;
    }

    /** The weighted sum of the losses of each row; rows are equally long. */
    private static double[] losses(Decoder model, Row[] rows) {
        int length = rows[0].clean.length;
        Tensor noisy = stacked(rows, length, false);
        Tensor clean = stacked(rows, length, true);
        double[] losses = Workspace.discarding(() -> {
            Tensor hidden = MaskedDiffusion.hiddenStates(model, noisy, clean);
            Tensor targets = targets(rows, length);
            return Functional.tokenCrossEntropy(model.head(hidden), targets, Functional.IGNORE_INDEX, 0).toDoubleArray();
        });
        double[] sums = new double[rows.length];
        for (int i = 0; i < losses.length; i++) {
            double weight = rows[i / length].weights[i % length];
            sums[i / length] += weight == 0 ? 0 : weight * losses[i];
        }
        return sums;
    }

    private static Tensor stacked(Row[] rows, int length, boolean clean) {
        int[] ids = new int[rows.length * length];
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(clean ? rows[r].clean : rows[r].noisy, 0, ids, r * length, length);
        }
        return Tensor.ofInts(ids, rows.length, length);
    }

    /** The hidden ids that count. */
    private static Tensor targets(Row[] rows, int length) {
        int[] ids = new int[rows.length * length];
        Arrays.setAll(ids, i -> rows[i / length].weights[i % length] == 0 ? Functional.IGNORE_INDEX
                : rows[i / length].clean[i % length]);
        return Tensor.ofInts(ids, rows.length, length);
    }
}
