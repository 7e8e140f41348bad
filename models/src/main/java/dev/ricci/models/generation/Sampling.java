package dev.ricci.models.generation;

import dev.ricci.tensor.Philox;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;

/**
 * How one token is chosen from logits. The filters apply in this order: repetition penalty, temperature, top-k, top-p,
 * min-p; then one draw. Equal logits are ordered by id.
 *
 * @param temperature 0 takes the largest logit; else logits are divided by it
 * @param topK keeps the k largest; 0 keeps all
 * @param topP keeps the fewest tokens whose probabilities reach p (Holtzman et al. 2020); 1 keeps all
 * @param minP keeps tokens at least this fraction as probable as the best (Nguyen et al. 2024); 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens seen before (Keskar et al. 2019);
 *     1 for none
 */
public record Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty) {
    /** Always the most likely token. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1);

    /** Checks the ranges. */
    public Sampling {
        check(temperature >= 0 && Double.isFinite(temperature), "temperature must be finite and not negative",
                temperature);
        check(topK >= 0, "top-k must not be negative (0 keeps all)", topK);
        check(topP > 0 && topP <= 1, "top-p must lie in (0, 1]", topP);
        check(minP >= 0 && minP <= 1, "min-p must lie in [0, 1]", minP);
        check(repetitionPenalty > 0 && Double.isFinite(repetitionPenalty), "repetition penalty must be positive",
                repetitionPenalty);
    }

    private static void check(boolean holds, String rule, double got) {
        if (!holds) {
            throw new TensorException("sampling: " + rule + ", got " + got);
        }
    }

    /** Sampling at a temperature, nothing else. */
    public static Sampling temperature(double temperature) {
        return new Sampling(temperature, 0, 1, 0, 1);
    }

    /** The same with another top-k. */
    public Sampling withTopK(int k) {
        return new Sampling(temperature, k, topP, minP, repetitionPenalty);
    }

    /** The same with another top-p. */
    public Sampling withTopP(double p) {
        return new Sampling(temperature, topK, p, minP, repetitionPenalty);
    }

    /** The same with another min-p. */
    public Sampling withMinP(double p) {
        return new Sampling(temperature, topK, topP, p, repetitionPenalty);
    }

    /** The same with another repetition penalty. */
    public Sampling withRepetitionPenalty(double penalty) {
        return new Sampling(temperature, topK, topP, minP, penalty);
    }

    /**
     * Chooses a token.
     *
     * @param logits [V]; NaN is refused, and where a token is drawn, a largest one that is infinite: softmax has no
     *     value then
     * @param history the ids so far
     * @param length how many of them count
     * @param seed with {@code step} decides the draw
     * @param step of the generation
     */
    public int choose(float[] logits, int[] history, int length, long seed, long step) {
        double[] scores = new double[logits.length];
        for (int i = 0; i < scores.length; i++) {
            if (Float.isNaN(logits[i])) {
                throw new TensorException("sampling: the logit of id " + i
                        + " is NaN; the model's weights or inputs are not finite");
            }
            scores[i] = logits[i];
        }
        if (repetitionPenalty != 1) {
            Arrays.stream(history, 0, length).distinct().forEach(
                    id -> scores[id] *= scores[id] > 0 ? 1 / repetitionPenalty : repetitionPenalty);
        }
        if (temperature == 0) {
            return argmax(scores);
        }
        return draw(scores, uniform(seed, step));
    }

    private static int argmax(double[] scores) {
        int best = 0;
        for (int i = 1; i < scores.length; i++) {
            if (scores[i] > scores[best]) {
                best = i;
            }
        }
        return best;
    }

    private static double uniform(long seed, long step) {
        int[] words = new int[4];
        Philox.block(words, Philox.split(seed, step, 0), 0);
        return Philox.uniform(words[0], words[1]);
    }

    private int draw(double[] scores, double u) {
        double best = scores[argmax(scores)];
        if (Double.isInfinite(best)) {
            throw new TensorException("sampling: the largest logit is " + best + ", after a repetition penalty of "
                    + repetitionPenalty + "; there are no probabilities to draw by");
        }
        Ranking ranking = new Ranking(scores, best, temperature, topK, minP);
        double total = ranking.total();
        if (topP < 1) {
            total = ranking.sum(ranking.reach(topP * total));
        }
        return ranking.id(ranking.reach(u * total));
    }
}
