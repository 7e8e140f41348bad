package dev.ricci.models.generation;

import dev.ricci.tensor.TensorException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * What becomes of a request to an {@link InferenceEngine}: its tokens, as they are made. They wait here until they are
 * taken, so that a slow reader delays nobody. One thread reads; any thread may cancel. A reader that loses interest
 * closes it, which gives its place in the engine back.
 */
public final class Generation implements TokenStream {
    /**
     * An id and the natural logarithm of its probability, in the model's own distribution: before temperature, penalty
     * and filters.
     *
     * @param id which
     * @param logProbability at most 0
     */
    public record Candidate(int id, double logProbability) {
    }

    /**
     * One token that was generated.
     *
     * @param id which
     * @param logProbability natural logarithm of its probability, as in {@link Candidate}
     * @param top the likeliest ids at its place, the best first; as many as were asked for
     */
    public record Token(int id, double logProbability, List<Candidate> top) {
    }

    /** Why there are no more tokens. */
    public enum Finish {
        /** A stop id came. */
        STOP,
        /** As many tokens as were asked for, or the context or the cache is full. */
        LENGTH,
        /** Cancelled, by the reader or by the end of the engine. */
        CANCELLED,
        /** It failed; {@link #next()} throws. */
        FAILED
    }

    private final Consumer<Generation> onCancel;
    private final int promptTokens;
    private final ArrayDeque<Token> tokens = new ArrayDeque<>();
    private int reusedTokens;
    private int newTokens;
    private Finish finish;
    private Throwable failure;

    /** @param onCancel told once, if the reader cancels it */
    Generation(Consumer<Generation> onCancel, int promptTokens) {
        this.onCancel = onCancel;
        this.promptTokens = promptTokens;
    }

    /**
     * Waits for the next token; a virtual thread waits without holding a platform thread.
     *
     * @return the token, or nothing if there are no more: {@link #finish} says why
     * @throws TensorException if the generation failed; those of other requests go on
     */
    public Optional<Token> next() throws InterruptedException {
        synchronized (tokens) {
            while (tokens.isEmpty() && finish == null) {
                tokens.wait();
            }
            return take();
        }
    }

    @Override
    public Optional<Token> next(Duration wait) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + wait.toNanos();
        synchronized (tokens) {
            while (tokens.isEmpty() && finish == null) {
                long millis = (end - System.nanoTime() + 999_999) / 1_000_000;
                if (millis <= 0) {
                    throw new TimeoutException("no token within " + wait.toMillis() + " ms");
                }
                tokens.wait(millis);
            }
            return take();
        }
    }

    private Optional<Token> take() {
        if (tokens.isEmpty() && failure != null) {
            throw new FailedGenerationException("generate: failed after " + newTokens + " tokens: " + failure.getMessage(),
                    failure);
        }
        return Optional.ofNullable(tokens.poll());
    }

    @Override
    public Optional<Finish> finish() {
        synchronized (tokens) {
            return Optional.ofNullable(finish);
        }
    }

    @Override
    public int promptTokens() {
        return promptTokens;
    }

    @Override
    public int reusedTokens() {
        synchronized (tokens) {
            return reusedTokens;
        }
    }

    /** Number of tokens made so far, read or not. */
    public int newTokens() {
        synchronized (tokens) {
            return newTokens;
        }
    }

    /** Ends it, at the latest after the engine's present step; tokens not yet read are dropped. Nothing if it ended. */
    public void cancel() {
        if (end(Finish.CANCELLED, null)) {
            synchronized (tokens) {
                tokens.clear();
            }
            onCancel.accept(this);
        }
    }

    /** {@link #cancel}. */
    @Override
    public void close() {
        cancel();
    }

    void began(int reused) {
        synchronized (tokens) {
            reusedTokens = reused;
        }
    }

    /** A new token; nothing if it was cancelled meanwhile. */
    void add(Token token) {
        synchronized (tokens) {
            if (finish == null) {
                tokens.add(token);
                newTokens++;
                tokens.notifyAll();
            }
        }
    }

    /** Whether this was the end, and not one before. */
    boolean end(Finish why, Throwable cause) {
        synchronized (tokens) {
            if (finish != null) {
                return false;
            }
            finish = why;
            failure = cause;
            tokens.notifyAll();
            return true;
        }
    }
}
