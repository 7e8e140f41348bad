package dev.ricci.models.diffusion;

import dev.ricci.models.generation.FailedGenerationException;
import dev.ricci.models.generation.Generation;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.GenerationRequest;
import dev.ricci.models.generation.Generator;
import dev.ricci.models.generation.QueueFullException;
import dev.ricci.models.generation.TokenEngine;
import dev.ricci.models.generation.TokenStream;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.cpu.Threads;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/**
 * Denoises many texts at the same time with one model: each step reads what every text needs in one row, so that the weights
 * are read once for all of them, and each text reveals ids by rules of its own. Texts come and go between steps. What a text
 * becomes is, bit for bit, what it becomes alone.
 *
 * <p>Thread-safe. One daemon thread of its own runs the model, with as many threads an op as {@link Threads#current()} says
 * where the engine is made. A text that fails takes no other with it.
 */
public final class DiffusionEngine implements Generator, TokenEngine {
    /** A text, and who waits for it. */
    private static final class Task {
        final DiffusionGenerator generator;
        final GenerationConfig config;
        final int[] ids;
        /** How many of the ids are asked for. */
        final int length;
        final DiffusionRun run = new DiffusionRun();
        /** Set while it is denoised. */
        Denoising text;

        Task(DiffusionGenerator generator, GenerationConfig config, int[] ids, int length) {
            this.generator = generator;
            this.config = config;
            this.ids = ids;
            this.length = length;
        }
    }

    private final DiffusionGenerator usual;
    /** Belongs to the thread. */
    private final Denoiser denoiser;
    private final int maxTexts;
    private final int maxQueued;
    private static final Duration FOREVER = Duration.ofDays(10_000);

    private final Object lock = new Object();
    private final ArrayDeque<Task> queue = new ArrayDeque<>();
    /** Belongs to the thread; its size is guarded by the lock. */
    private final List<Task> active = new ArrayList<>();
    private final Thread thread;
    private boolean closed;

    /**
     * An engine for one model.
     *
     * @param usual the model, and how it writes where a request does not say
     * @param maxTexts how many are denoised at the same time; each has caches as long as itself
     * @param maxQueued how many more may wait; those beyond are refused at once
     */
    public DiffusionEngine(DiffusionGenerator usual, int maxTexts, int maxQueued) {
        if (maxTexts < 1 || maxQueued < 0) {
            throw new TensorException("diffusion: maxTexts must be positive and maxQueued not negative, got " + maxTexts
                    + " and " + maxQueued);
        }
        this.usual = usual;
        this.denoiser = new Denoiser(usual.model());
        this.maxTexts = maxTexts;
        this.maxQueued = maxQueued;
        int threads = Threads.current();
        thread = Thread.ofPlatform().name("ricci-diffusion").daemon().start(() -> Threads.limit(threads, this::loop));
    }

    /**
     * Asks for a text in the engine's usual way.
     *
     * @throws QueueFullException if as many are denoised and wait as the engine takes
     * @throws TensorException as {@link DiffusionGenerator#generate}, and if the engine is closed
     */
    public DiffusionRun submit(int[] prompt, GenerationConfig config) {
        return submit(prompt, config, usual.options());
    }

    /**
     * Asks for a text in a way of its own.
     *
     * @throws QueueFullException if as many are denoised and wait as the engine takes
     * @throws TensorException as {@link DiffusionGenerator#generate}, and if the engine is closed
     */
    public DiffusionRun submit(int[] prompt, GenerationConfig config, DiffusionOptions options) {
        DiffusionGenerator generator = new DiffusionGenerator(usual.model(), options);
        Task task = new Task(generator, config, generator.hidden(prompt, config), prompt.length + config.maxNewTokens());
        synchronized (lock) {
            if (closed) {
                throw new FailedGenerationException("diffusion: the engine is closed", null);
            }
            queue.removeIf(waiting -> waiting.run.isEnded());
            if (active.size() + queue.size() >= (long) maxTexts + maxQueued) {
                throw new QueueFullException("diffusion: " + active.size() + " texts are being denoised and " + queue.size()
                        + " wait, which is all that the engine takes; try again later");
            }
            queue.add(task);
            lock.notifyAll();
        }
        return task.run;
    }

    /**
     * {@inheritDoc}
     *
     * <p>As many tokens as the request allows and the context holds, in whole blocks of the usual way of writing; the rest of
     * a last block is dropped. A token's probability is the one that it had when it became known, and there are none of other
     * ids.
     *
     * @throws TensorException also if the request asks for other ids or filters those that may be drawn, or if no block fits
     */
    @Override
    public TokenStream submit(GenerationRequest request) {
        if (request.topLogProbabilities() > 0) {
            throw new TensorException("diffusion: a token comes with its own probability alone, not with those of "
                    + request.topLogProbabilities() + " others; ask for none");
        }
        int[] prompt = request.prompt();
        int room = usual.model().config().contextLength() - prompt.length;
        int wanted = Math.min(request.config().maxNewTokens(), room);
        if (room < 0) {
            throw new TensorException("diffusion: a prompt of " + prompt.length + " tokens exceeds the model's context of "
                    + usual.model().config().contextLength() + "; cut it");
        }
        int block = Math.max(1, usual.options().blockOf(usual.model().config().diffusion().orElseThrow(), 1));
        long whole = (wanted + block - 1L) / block * block;
        int written = (int) (whole <= room ? whole : whole - block);
        if (written == 0 && wanted > 0) {
            throw new TensorException("diffusion: a prompt of " + prompt.length + " tokens leaves room for " + room
                    + " in the model's context, which is no block of " + block + "; cut it");
        }
        DiffusionRun run = submit(prompt, request.config().withMaxNewTokens(written));
        return new OrderedTokens(run, prompt.length, Math.min(wanted, written), request.stopIds());
    }

    /**
     * Continues a prompt beside whatever else is being denoised, and waits for the end. {@code onToken} sees an id as soon as
     * all before it are known.
     */
    @Override
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken) {
        DiffusionRun run = submit(prompt, config);
        int[] made = new int[config.maxNewTokens()];
        int told = 0;
        try (OrderedTokens tokens = new OrderedTokens(run, prompt.length, made.length, Set.of())) {
            boolean wanted = true;
            Optional<Generation.Token> token;
            while (wanted && (token = tokens.next(FOREVER)).isPresent()) {
                made[told++] = token.get().id();
                wanted = onToken.test(token.get().id());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TensorException("diffusion: interrupted after " + told + " tokens", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("a wait without an end has ended", e);
        }
        return Arrays.copyOf(made, told);
    }

    private void loop() {
        Throwable failure = null;
        try {
            while (awaitWork()) {
                admit();
                step();
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            endAll(failure);
        }
    }

    /** Whether there is something to do; waits until there is. */
    private boolean awaitWork() {
        synchronized (lock) {
            while (active.isEmpty() && queue.isEmpty() && !closed) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    throw new TensorException("diffusion: the engine's thread was interrupted", e);
                }
            }
            return !closed;
        }
    }

    private void admit() {
        synchronized (lock) {
            active.removeIf(task -> task.run.isEnded());
            while (active.size() < maxTexts && !queue.isEmpty()) {
                Task task = queue.poll();
                if (!task.run.isEnded()) {
                    active.add(task);
                }
            }
        }
        for (Task task : List.copyOf(active)) {
            if (task.text == null) {
                open(task);
            }
        }
    }

    private void open(Task task) {
        try {
            task.text = task.generator.denoising(task.ids, task.config);
            if (task.text.isDone()) {
                task.run.end(task.text.result(task.length));
                leave(task);
            }
        } catch (RuntimeException | Error e) {
            task.run.fail(e);
            leave(task);
        }
    }

    private void leave(Task task) {
        synchronized (lock) {
            active.remove(task);
        }
    }

    private void step() {
        List<Task> tasks = List.copyOf(active);
        if (tasks.isEmpty()) {
            return;
        }
        Denoiser.Step read;
        try {
            read = denoiser.read(tasks.stream().map(t -> t.text).toList());
        } catch (RuntimeException | Error e) {
            // One of them may be the cause, or all together need too much: each alone has the same bits.
            tasks.forEach(task -> take(task, () -> denoiser.run(List.of(task.text)).getFirst()));
            return;
        }
        for (int i = 0; i < tasks.size(); i++) {
            int own = i;
            take(tasks.get(i), () -> read.reveal(own));
        }
    }

    /** Lets a text take its step. */
    private void take(Task task, Supplier<List<Reveal>> step) {
        try {
            task.run.add(step.get());
            if (task.text.isDone()) {
                task.run.end(task.text.result(task.length));
                leave(task);
            }
        } catch (RuntimeException | Error e) {
            task.run.fail(e);
            leave(task);
        }
    }

    private void endAll(Throwable failure) {
        List<Task> left = new ArrayList<>(active);
        synchronized (lock) {
            closed = true;
            left.addAll(queue);
            queue.clear();
            active.clear();
        }
        for (Task task : left) {
            if (failure == null) {
                task.run.cancel();
            } else {
                task.run.fail(failure);
            }
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
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
