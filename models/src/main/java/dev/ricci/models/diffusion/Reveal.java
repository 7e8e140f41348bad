package dev.ricci.models.diffusion;

/**
 * An id that became known.
 *
 * @param step of the text, from 1
 * @param position in the text, prompt included
 * @param id which
 * @param confidence its probability, without temperature
 * @param time how noisy its block was: t of the first-hitting sampler, else the part that was hidden, 0 .. 1
 */
public record Reveal(int step, int position, int id, double confidence, double time) {
}
