package dev.ricci.models.diffusion;

/** Which keys and values are kept from step to step. */
public enum Caching {
    /** None: each step reads all that is seen. */
    NONE,
    /**
     * Those before the block, computed anew when a block begins: what comes after is read in each step. An approximation
     * (Wu et al. 2025, section 3.2).
     */
    PREFIX,
    /** Those on both sides of the block, computed anew when a block begins. An approximation (Wu et al. 2025, section 3.2). */
    DUAL,
    /** Those of all blocks that are complete: the same ids, for models that read blocks from left to right. */
    EXACT
}
