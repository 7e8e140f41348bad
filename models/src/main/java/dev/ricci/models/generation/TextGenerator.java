package dev.ricci.models.generation;

import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Text in, text out, streamed as it is made.
 *
 * @param tokenizer the model's vocabulary
 * @param generator continues ids
 * @param endIds each of these ids ends a text
 */
public record TextGenerator(Tokenizer tokenizer, Generator generator, Set<Integer> endIds) {
    /** Copies the ids. */
    public TextGenerator {
        endIds = Set.copyOf(endIds);
    }

    /** A text ends at the vocabulary's EOS. */
    public TextGenerator(Tokenizer tokenizer, Generator generator) {
        this(tokenizer, generator, tokenizer.eos().isPresent() ? Set.of(tokenizer.eos().getAsInt()) : Set.of());
    }

    /**
     * What was made.
     *
     * @param text prompt and continuation
     * @param continuation the new text alone, without the stop text
     * @param ids with BOS and the prompt
     * @param newTokens how many ids are new
     * @param nanosToFirst time to the first new token, in nanoseconds; 0 if there is none
     * @param nanos time of the whole generation, in nanoseconds
     */
    public record Result(String text, String continuation, int[] ids, int newTokens, long nanosToFirst, long nanos) {
        /** New tokens a second, over the whole generation. */
        public double tokensPerSecond() {
            return nanos == 0 ? 0 : newTokens * 1e9 / nanos;
        }
    }

    /**
     * Continues a prompt. It ends after the configured number of tokens, at an id that ends it, or at a stop text.
     *
     * @param prompt may be empty if the vocabulary has a BOS
     * @param onText receives the new text in pieces that never break a character; text that may be the start of a stop
     *     text is held back until that is decided
     */
    public Result generate(String prompt, GenerationConfig config, Consumer<String> onText) {
        int[] ids = tokenizer.encodePrompt(prompt);
        if (ids.length == 0) {
            throw new TensorException("generate: the prompt is empty, and the vocabulary has no beginning-of-sequence"
                    + " id to start from; give a prompt");
        }
        TextStream text = new TextStream(tokenizer, ids, config.stop());
        Follower follower = new Follower(text, onText, endIds);
        long start = System.nanoTime();
        int[] made = generator.generate(ids, config, follower::accept);
        follower.end();
        long nanos = System.nanoTime() - start;
        int[] all = Arrays.copyOf(ids, ids.length + made.length);
        System.arraycopy(made, 0, all, ids.length, made.length);
        String continuation = text.text();
        return new Result(prompt + continuation, continuation, all, made.length,
                made.length == 0 ? 0 : follower.first - start, nanos);
    }

    /** Follows a generation and notes when it began. */
    private static final class Follower {
        private final TextStream text;
        private final Consumer<String> sink;
        private final Set<Integer> endIds;
        private long first;

        Follower(TextStream text, Consumer<String> sink, Set<Integer> endIds) {
            this.text = text;
            this.sink = sink;
            this.endIds = endIds;
        }

        boolean accept(int id) {
            if (first == 0) {
                first = System.nanoTime();
            }
            if (endIds.contains(id)) {
                return false;
            }
            send(text.next(id));
            return !text.stopped();
        }

        void end() {
            send(text.end());
        }

        private void send(String piece) {
            if (!piece.isEmpty()) {
                sink.accept(piece);
            }
        }
    }
}
