package dev.ricci.models.diffusion;

/** Which predictions of a step stay hidden: the worst by this measure (Nie et al. 2025, section 2.4). */
public enum Remasking {
    /** Those of the lowest probability. */
    LOW_CONFIDENCE,
    /** Random ones. */
    RANDOM
}
