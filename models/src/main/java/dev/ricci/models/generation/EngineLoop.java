package dev.ricci.models.generation;

import dev.ricci.models.generation.Generation.Finish;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the thread of an {@link InferenceEngine} does, step by step: admit sequences, let the model read, choose tokens.
 * The queue and all counts are guarded by {@code lock}; sequences that began belong to the thread.
 */
final class EngineLoop implements Runnable {
    /** Ids of a sequence that a step reads: {@code count} of them from {@code start} on. */
    private record Part(Sequence sequence, int start, int count) {
        /** Whether the last id is among them, so that the next can be chosen. */
        boolean reachesEnd() {
            return start + count == sequence.length();
        }
    }

    /** What a model says of the id behind one of its rows, both [V]. */
    private record Scores(float[] logits, float[] logProbabilities) {
        static List<Scores> of(Tensor logits, Tensor logProbabilities) {
            return IntStream.range(0, logits.dim(0)).mapToObj(i -> new Scores(row(logits, i), row(logProbabilities, i)))
                    .toList();
        }

        private static float[] row(Tensor x, int i) {
            return x.slice(0, i, i + 1).toFloatArray();
        }
    }

    private final StepModel model;
    private final EngineOptions options;
    private final PrefixCache caches;

    private final Object lock = new Object();
    private final ArrayDeque<Sequence> queue = new ArrayDeque<>();
    /** In the order of their admission; changed by the thread alone. */
    private final List<Sequence> active = new ArrayList<>();
    private boolean closing;
    private boolean aborting;
    private int usedTokens;
    private int keptTokens;
    private long submitted;
    private long rejected;
    private long finished;
    private long promptTokens;
    private long reusedTokens;
    private long newTokens;

    EngineLoop(StepModel model, EngineOptions options, PrefixCache caches) {
        this.model = model;
        this.options = options;
        this.caches = caches;
    }

    void offer(Sequence s) {
        synchronized (lock) {
            if (closing) {
                throw new FailedGenerationException("generate: the engine is closed", null);
            }
            if (active.size() + queue.size() >= (long) options.maxSequences() + options.maxQueued()) {
                rejected++;
                throw new QueueFullException("generate: " + active.size() + " sequences are being generated and "
                        + queue.size() + " wait, which is all that the engine takes; try again later");
            }
            submitted++;
            if (s.limit > 0) {
                queue.add(s);
                lock.notifyAll();
                return;
            }
            finished++;
        }
        s.handle.end(Finish.LENGTH, null);
    }

    /** One that waits is gone at once, one that is being generated at the next step. */
    void cancelled(Generation handle) {
        synchronized (lock) {
            if (queue.removeIf(s -> s.handle == handle)) {
                finished++;
            }
        }
    }

    /**
     * Accepts nothing more.
     *
     * @param abort whether to end before all is done
     */
    void close(boolean abort) {
        synchronized (lock) {
            closing = true;
            aborting |= abort;
            lock.notifyAll();
        }
    }

    EngineStatistics statistics() {
        synchronized (lock) {
            return new EngineStatistics(active.size(), queue.size(), options.maxSequences() - active.size(),
                    usedTokens, keptTokens, submitted, rejected, finished, promptTokens, reusedTokens, newTokens);
        }
    }

    @Override
    public void run() {
        Throwable failure = null;
        try {
            NoGrad.run(() -> {
                while (awaitWork()) {
                    List.copyOf(active).stream().filter(s -> s.handle.finish().isPresent())
                            .forEach(s -> end(s, Finish.CANCELLED, null));
                    admit();
                    step();
                }
            });
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            endAll(failure);
        }
    }

    /** Whether there is something to do; waits until there is. */
    private boolean awaitWork() {
        synchronized (lock) {
            while (active.isEmpty() && queue.isEmpty() && !closing) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    throw new TensorException("generate: the engine's thread was interrupted", e);
                }
            }
            return !aborting && !(active.isEmpty() && queue.isEmpty());
        }
    }

    private void endAll(Throwable failure) {
        List<Sequence> waiting;
        synchronized (lock) {
            closing = true;
            waiting = List.copyOf(queue);
            queue.clear();
            finished += waiting.size();
        }
        Finish why = failure == null ? Finish.CANCELLED : Finish.FAILED;
        waiting.forEach(s -> s.handle.end(why, failure));
        List.copyOf(active).forEach(s -> end(s, why, failure));
        caches.clear();
        count();
    }

    private void end(Sequence s, Finish why, Throwable failure) {
        caches.release(s, why != Finish.FAILED);
        synchronized (lock) {
            active.remove(s);
            finished++;
        }
        count();
        // Last: who sees the end finds the place free.
        s.handle.end(why, failure);
    }

    private void count() {
        synchronized (lock) {
            usedTokens = caches.usedTokens();
            keptTokens = caches.keptTokens();
        }
    }

    /** First come, first served: while there is no room for the first, the others wait with it. */
    private void admit() {
        while (active.size() < options.maxSequences()) {
            Sequence s;
            synchronized (lock) {
                s = queue.peek();
            }
            Throwable failure = null;
            try {
                if (s == null || !caches.acquire(s)) {
                    return;
                }
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            boolean cancelled;
            synchronized (lock) {
                cancelled = !queue.remove(s);
                if (!cancelled) {
                    active.add(s);
                    promptTokens += s.length();
                    reusedTokens += failure == null ? s.cache.length() : 0;
                }
            }
            if (cancelled) {
                caches.release(s, false);
            } else if (failure != null) {
                end(s, Finish.FAILED, failure);
            } else {
                s.handle.began(s.cache.length());
            }
            count();
        }
    }

    private void step() {
        List<Part> parts = plan();
        if (parts.isEmpty()) {
            return;
        }
        try {
            read(parts);
        } catch (RuntimeException | Error e) {
            forget(parts);
            // One of them may be the cause, or all together need too much: each alone has the same bits.
            for (Part part : parts) {
                readAlone(part);
            }
        }
    }

    private void readAlone(Part part) {
        try {
            read(List.of(part));
        } catch (RuntimeException | Error e) {
            end(part.sequence, Finish.FAILED, e);
        }
    }

    /** The next id of each sequence that is being generated, and as much of the prompts as a step may read. */
    private List<Part> plan() {
        List<Part> parts = new ArrayList<>();
        int left = options.promptTokens();
        for (Sequence s : active) {
            int pending = s.pending();
            int count = pending == 1 ? 1 : Math.min(pending, left);
            left -= pending == 1 ? 0 : count;
            if (count > 0) {
                parts.add(new Part(s, s.cache.length(), count));
            }
        }
        return parts;
    }

    private static void forget(List<Part> parts) {
        for (Part part : parts) {
            part.sequence.cache.truncate(Math.min(part.start, part.sequence.cache.length()));
        }
    }

    /** If it throws, nothing but caches has changed. */
    private void read(List<Part> parts) {
        int[] ids = new int[parts.stream().mapToInt(Part::count).sum()];
        List<KvCache> held = parts.stream().map(part -> part.sequence.cache).toList();
        List<Part> ends = parts.stream().filter(Part::reachesEnd).toList();
        int[] rows = new int[ends.size()];
        int n = 0;
        int row = 0;
        for (Part part : parts) {
            System.arraycopy(part.sequence.ids(), part.start, ids, n, part.count);
            n += part.count;
            if (part.reachesEnd()) {
                rows[row++] = n - 1;
            }
        }
        KvBatch batch = new KvBatch(held, parts.stream().mapToInt(Part::count).toArray());
        List<Scores> scores = Workspace.discarding(() -> {
            Tensor logits = model.logits(ids, batch, rows);
            return rows.length == 0 ? List.of() : Scores.of(logits, logits.logSoftmax(1));
        });
        for (int i = 0; i < rows.length; i++) {
            choose(ends.get(i).sequence, scores.get(i));
        }
    }

    private void choose(Sequence s, Scores scores) {
        try {
            GenerationConfig config = s.request.config();
            int id = config.sampling().choose(scores.logits, s.ids(), s.length(), config.seed(), s.newTokens());
            if (s.request.stopIds().contains(id)) {
                end(s, Finish.STOP, null);
                return;
            }
            s.append(id);
            synchronized (lock) {
                newTokens++;
            }
            s.handle.add(new Generation.Token(id, scores.logProbabilities[id],
                    Candidates.best(scores.logProbabilities, s.request.topLogProbabilities())));
            if (s.newTokens() == s.limit) {
                end(s, Finish.LENGTH, null);
            }
        } catch (RuntimeException | Error e) {
            end(s, Finish.FAILED, e);
        }
    }
}
