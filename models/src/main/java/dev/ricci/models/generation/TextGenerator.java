package dev.ricci.models.generation;

import dev.ricci.models.tokenizer.StreamingDecoder;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Text in, text out, streamed as it is made.
 *
 * @param tokenizer the model's vocabulary
 * @param generator continues ids
 */
public record TextGenerator(Tokenizer tokenizer, Generator generator) {
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
     * Continues a prompt. It ends after the configured number of tokens, at EOS, or at a stop text.
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
        Stream stream = new Stream(config.stop(), onText, tokenizer, ids);
        long start = System.nanoTime();
        int[] made = generator.generate(ids, config, stream::accept);
        stream.end();
        long nanos = System.nanoTime() - start;
        int[] all = Arrays.copyOf(ids, ids.length + made.length);
        System.arraycopy(made, 0, all, ids.length, made.length);
        String continuation = stream.text.toString();
        return new Result(prompt + continuation, continuation, all, made.length,
                made.length == 0 ? 0 : stream.first - start, nanos);
    }

    /** Turns ids into text, holds back what may become a stop text, and cuts at the first one. */
    private static final class Stream {
        final StringBuilder text = new StringBuilder();
        private final List<String> stop;
        private final Consumer<String> sink;
        private final Tokenizer tokenizer;
        private final StreamingDecoder decoder;
        private int sent;
        private boolean stopped;
        private long first;

        Stream(List<String> stop, Consumer<String> sink, Tokenizer tokenizer, int[] prompt) {
            this.stop = stop;
            this.sink = sink;
            this.tokenizer = tokenizer;
            this.decoder = new StreamingDecoder(tokenizer);
            for (int id : prompt) {
                decoder.next(id); // characters may straddle the end of the prompt
            }
        }

        boolean accept(int id) {
            if (first == 0) {
                first = System.nanoTime();
            }
            if (tokenizer.eos().isPresent() && tokenizer.eos().getAsInt() == id) {
                return false;
            }
            text.append(decoder.next(id));
            int cut = firstStop();
            if (cut >= 0) {
                text.setLength(cut);
                stopped = true;
            }
            send(stopped ? text.length() : text.length() - heldBack());
            return !stopped;
        }

        void end() {
            if (!stopped) {
                text.append(decoder.end());
                send(text.length());
            }
        }

        private int firstStop() {
            int cut = -1;
            for (String s : stop) {
                int at = text.indexOf(s, Math.max(0, sent - s.length()));
                cut = at >= 0 && (cut < 0 || at < cut) ? at : cut;
            }
            return cut;
        }

        /** Characters at the end that are the start of a stop text. */
        private int heldBack() {
            int held = 0;
            for (String s : stop) {
                for (int n = Math.min(s.length() - 1, text.length()); n > held; n--) {
                    if (s.startsWith(text.substring(text.length() - n))) {
                        held = n;
                    }
                }
            }
            return held;
        }

        private void send(int to) {
            if (to > sent) {
                sink.accept(text.substring(sent, to));
                sent = to;
            }
        }
    }
}
