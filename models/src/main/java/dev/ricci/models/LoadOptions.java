package dev.ricci.models;

import dev.ricci.tensor.TensorException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a model is read.
 *
 * @param vocabulary the vocabulary's file, for models that come without one (llama2.c)
 * @param weights what matrices are kept as
 * @param longest at most so many tokens of context, fewer if the model was made for fewer: tables of positions and caches
 *     grow with it, and models are published that were made for more than fits into memory
 */
public record LoadOptions(Optional<Path> vocabulary, Weights weights, int longest) {
    private static final int LONGEST = 8192;

    /** What matrices are kept as. */
    public enum Weights {
        /** 32-bit floats: to be trained. */
        F32,
        /**
         * As the file has them, to be used and not trained: products decode them as they read, with the bits of F32
         * copies (see {@link dev.ricci.nn.Layer#loadAsStored}).
         */
        AS_STORED
    }

    /** Checks the length. */
    public LoadOptions {
        if (longest < 1) {
            throw new TensorException("load: longest must be positive, got " + longest);
        }
    }

    /** No vocabulary file, F32, at most 8192 tokens. */
    public static LoadOptions usual() {
        return new LoadOptions(Optional.empty(), Weights.F32, LONGEST);
    }

    /** The same with a vocabulary's file. */
    public LoadOptions withVocabulary(Path file) {
        return new LoadOptions(Optional.of(file), weights, longest);
    }

    /** The same with matrices kept otherwise. */
    public LoadOptions withWeights(Weights other) {
        return new LoadOptions(vocabulary, other, longest);
    }

    /** The same with at most so many tokens of context. */
    public LoadOptions withLongest(int tokens) {
        return new LoadOptions(vocabulary, weights, tokens);
    }
}
