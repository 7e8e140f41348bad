package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.cpu.Threads;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Generates many sequences at the same time with one model: each step gives every sequence its next token, so that the
 * weights are read once for all of them. Requests come and go between steps (continuous batching; Yu et al. 2022), and
 * prompts are read in pieces beside the sequences that are being generated (Agrawal et al. 2023). What a request gets
 * is, bit for bit, what it gets alone, whoever else is there and whether its prefix was read before or not.
 *
 * <p>Thread-safe. One daemon thread of its own runs the model, with as many threads an op as {@link Threads#current()}
 * says where the engine is made. A request that fails takes no other with it. A sequence ends where the model's context
 * does; {@link AutoregressiveGenerator} goes on beyond it.
 *
 * <pre>{@code
 * try (Generation generation = engine.submit(GenerationRequest.of(prompt, GenerationConfig.greedy(100)))) {
 *     TextStream text = new TextStream(tokenizer, prompt, List.of("\n\n"));
 *     Optional<Generation.Token> token;
 *     while (!text.stopped() && (token = generation.next()).isPresent()) {
 *         System.out.print(text.next(token.get().id()));
 *     }
 *     System.out.print(text.end());
 * }
 * }</pre>
 */
public final class InferenceEngine implements Generator, TokenEngine {
    private final int vocabulary;
    /** Most tokens that one sequence may have in the cache. */
    private final int room;
    private final EngineLoop loop;
    private final Thread thread;

    /** With the options of {@link EngineOptions#of}. */
    public InferenceEngine(Decoder model) {
        this(model, EngineOptions.of(model));
    }

    /** As configured. */
    public InferenceEngine(Decoder model, EngineOptions options) {
        this(model, options, StepModel.of(model));
    }

    InferenceEngine(Decoder model, EngineOptions options, StepModel steps) {
        if (!model.config().attention().causal()) {
            throw new TensorException("generate: the engine needs a model that reads from left to right; this one is"
                    + " not causal");
        }
        vocabulary = model.config().vocabSize();
        room = Math.min(model.config().contextLength(), options.cacheTokens());
        loop = new EngineLoop(steps, options, new PrefixCache(model, options.cacheTokens(), options.reusePrefixes()));
        int threads = Threads.current();
        thread = Thread.ofPlatform().name("ricci-engine").daemon().start(() -> Threads.limit(threads, loop));
    }

    @Override
    public Generation submit(GenerationRequest request) {
        check(request);
        Generation handle = new Generation(loop::cancelled, request.prompt().length);
        loop.offer(new Sequence(request, handle, room));
        return handle;
    }

    /**
     * Continues a prompt beside whatever else is being generated, and waits for the end.
     *
     * @throws QueueFullException if as many are being generated and wait as the options allow
     */
    @Override
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken) {
        int[] ids = new int[Math.min(config.maxNewTokens(), room)];
        int length = 0;
        try (Generation generation = submit(GenerationRequest.of(prompt, config))) {
            Optional<Generation.Token> token;
            while ((token = generation.next()).isPresent()) {
                ids[length++] = token.get().id();
                if (!onToken.test(token.get().id())) {
                    break;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TensorException("generate: interrupted after " + length + " tokens", e);
        }
        return Arrays.copyOf(ids, length);
    }

    private void check(GenerationRequest request) {
        int[] prompt = request.prompt();
        if (!request.config().useCache()) {
            throw new TensorException("generate: the engine always uses the cache; AutoregressiveGenerator can do"
                    + " without");
        }
        if (prompt.length > room) {
            throw new TensorException("generate: a prompt of " + prompt.length + " tokens exceeds the " + room
                    + " that the model's context and the engine's cache hold; cut it");
        }
        if (request.topLogProbabilities() > vocabulary) {
            throw new TensorException("generate: " + request.topLogProbabilities() + " log-probabilities a token are"
                    + " more than the vocabulary's " + vocabulary);
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= vocabulary) {
                throw new IndexOutOfRangeException("generate: id " + prompt[i] + " at position " + i
                        + " of the prompt lies outside the model's vocabulary 0 .. " + (vocabulary - 1));
            }
        }
    }

    /** What it holds now, and what it has done. */
    public EngineStatistics statistics() {
        return loop.statistics();
    }

    /**
     * Accepts nothing more, lets what was accepted end, and cancels what has not ended in time.
     *
     * @return whether all ended by itself
     */
    public boolean shutdown(Duration grace) throws InterruptedException {
        loop.close(false);
        boolean ended = thread.join(grace);
        loop.close(true);
        thread.join();
        return ended;
    }

    @Override
    public void close() {
        loop.close(true);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
