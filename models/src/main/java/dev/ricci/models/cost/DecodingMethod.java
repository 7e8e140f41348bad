package dev.ricci.models.cost;

/** How tokens are generated. */
public enum DecodingMethod {
    /** One token after the other behind a cache. */
    AUTOREGRESSIVE("ar"),
    /**
     * Masked diffusion over the prompt and all masks at each step (Nie et al. 2025, LLaDA); with blocks shorter than the
     * generation this is their semi-autoregressive decoding, which costs the same but for the head.
     */
    FULL("full"),
    /** Masked diffusion over the prompt and the blocks up to the current one, nothing kept. */
    GROWING("growing"),
    /** Masked diffusion of the current block alone, behind an exact cache (Arriola et al. 2025, BD3-LM). */
    BLOCK("block"),
    /** The first step of a block over everything, the others over all but what is before it (Fast-dLLM's prefix cache). */
    PREFIX_CACHE("prefix"),
    /** The first step of a block over everything, the others over the block alone (Fast-dLLM's dual cache). */
    DUAL_CACHE("dual");

    private final String text;

    DecodingMethod(String text) {
        this.text = text;
    }

    /** As the command line calls it. */
    public String text() {
        return text;
    }
}
