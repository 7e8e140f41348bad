package dev.ricci.models.generation;

import java.util.function.IntPredicate;

/** A way to continue a sequence of ids. Thread-safe: each call holds its own state. */
public interface Generator {
    /**
     * Continues a prompt.
     *
     * @param prompt one id or more
     * @param config what to generate; its stop texts are the business of {@link TextGenerator}
     * @param onToken sees each new id as it is made; false ends the generation
     * @return the new ids, without the prompt
     */
    int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken);
}
