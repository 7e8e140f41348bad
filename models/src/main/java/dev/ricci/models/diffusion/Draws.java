package dev.ricci.models.diffusion;

import dev.ricci.tensor.Philox;

/** Random numbers of a text, each a function of the seed, the step, the position and a number alone. */
final class Draws {
    private static final long PLACE = 1;
    private static final long TIME = 2;
    private static final long TOKEN = 3;
    /** The least that 53 bits can tell from 0: its logarithm is finite. */
    private static final double LEAST = 0x1p-54;

    private final long seed;
    private final int[] words = new int[4];

    Draws(long seed) {
        this.seed = Philox.split(seed, 0, 0);
    }

    /** Uniform in [0, 1), for the choice of places. */
    double place(int step, int position) {
        return uniform(Philox.split(Philox.split(seed, step, PLACE), position, PLACE));
    }

    /** Uniform in (0, 1). */
    double time(int step) {
        return Math.max(LEAST, uniform(Philox.split(seed, step, TIME)));
    }

    private double uniform(long key) {
        Philox.block(words, key, 0);
        return Philox.uniform(words[0], words[1]);
    }

    /**
     * The index of the largest of l / T + g, g standard Gumbel: a draw from softmax(l / T). In double precision, since in
     * single the largest g are cut off, which acts like a lower temperature (Zheng et al. 2024, section 5).
     *
     * @param logits of {@code n} ids from {@code at} on, one finite at least
     * @param temperature positive
     */
    int token(int step, int position, double[] logits, int at, int n, double temperature) {
        long key = Philox.split(Philox.split(seed, step, TOKEN), position, TOKEN);
        int best = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < n; v++) {
            if ((v & 1) == 0) {
                Philox.block(words, key, v >> 1);
            }
            double u = Math.max(LEAST, (v & 1) == 0 ? Philox.uniform(words[0], words[1])
                    : Philox.uniform(words[2], words[3]));
            double noisy = logits[at + v] - temperature * StrictMath.log(-StrictMath.log(u));
            if (noisy > most) {
                most = noisy;
                best = v;
            }
        }
        return best;
    }
}
