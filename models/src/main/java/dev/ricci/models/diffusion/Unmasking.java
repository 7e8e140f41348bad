package dev.ricci.models.diffusion;

import dev.ricci.tensor.TensorException;

/** How many of the hidden ids of a block become known after each step of the model. */
public sealed interface Unmasking {
    /**
     * In a fixed number of steps, each of which reveals as many as the others or one more (Nie et al. 2025, section 2.4).
     *
     * @param steps for the whole text: at most its new tokens, and equally many for each block; where a prompt ends within a
     *     block of the model, there is one block more than new tokens fill, and it takes as many
     * @param remasking which stay hidden
     */
    record Steps(int steps, Remasking remasking) implements Unmasking {
        /** Checks the number. */
        public Steps {
            if (steps < 1) {
                throw new TensorException("diffusion: the number of steps must be positive, got " + steps);
            }
        }

        /** The likeliest are revealed. */
        public Steps(int steps) {
            this(steps, Remasking.LOW_CONFIDENCE);
        }

        /** How many are revealed in each step: the sum is {@code hidden}, and the first steps reveal the ones left over. */
        static int[] split(int hidden, int steps) {
            int[] quota = new int[Math.min(hidden, steps)];
            for (int i = 0; i < quota.length; i++) {
                quota[i] = hidden / steps + (i < hidden % steps ? 1 : 0);
            }
            return quota;
        }
    }

    /**
     * All whose probability reaches a threshold, and the likeliest one in any case (Wu et al. 2025, section 3.3).
     *
     * @param threshold in (0, 1]; 1 reveals them one by one, but for those that are certain in double precision
     */
    record Confidence(double threshold) implements Unmasking {
        /** Checks the range. */
        public Confidence {
            if (!(threshold > 0 && threshold <= 1)) {
                throw new TensorException("diffusion: the threshold must lie in (0, 1], got " + threshold);
            }
        }
    }

    /**
     * One a step, at a random place, when the time of the next event of the diffusion process is reached: t becomes t *
     * u^(1/m), m ids being hidden (Zheng et al. 2024, section 4.2). Exact, where a fixed number of steps is not.
     */
    record FirstHitting() implements Unmasking {
    }
}
