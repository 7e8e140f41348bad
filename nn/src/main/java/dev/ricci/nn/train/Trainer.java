package dev.ricci.nn.train;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.optim.ExponentialMovingAverage;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Trains a model: takes batches, differentiates the loss, steps the optimizer, evaluates, writes checkpoints, and tells
 * listeners. It needs a model, a loss, data and an optimizer; the rest is optional:
 *
 * {@snippet :
 * TrainingResult result = Trainer.of(model, b -> Losses.crossEntropy(model.forward(b.inputs()), b.targets()),
 *                 loader, AdamW.of(model.parameters(), 1e-3), TrainerOptions.of(2000).withClipNorm(1))
 *         .evaluator(Evaluator.meanLoss(loss, validation, 64))
 *         .listener(new JsonlMetrics(folder.resolve("metrics.jsonl")))
 *         .run();
 * }
 *
 * <p>The memory of a step is used again (see {@link Gradients#reuseMemory()}): a loss function that puts a tensor aside,
 * to be read after the step, puts its {@code detach()} aside.
 *
 * <p>Step i runs inside {@code Training.scope(Rng.of(seed).split(i), ...)}, i from 0. A run that is stopped or killed
 * and resumed ends with the bits of an unbroken one. A trainer runs once.
 */
public final class Trainer {
    private final Layer model;
    private final Function<Batch, Tensor> loss;
    private final DataLoader data;
    private final Optimizer optimizer;
    private final TrainerOptions options;
    private final List<TrainingListener> listeners = new ArrayList<>();
    private Evaluator evaluator;
    private ExponentialMovingAverage average;
    private Map<String, Object> config = Map.of();
    private Map<String, Variable> kept = Map.of();

    private volatile boolean stopRequested;
    private boolean started;
    private Rng rng;
    private Double bestScore;
    private long bestStep;
    private long evaluationsSinceBest;
    private Path checkpoint;

    private Trainer(Layer model, Function<Batch, Tensor> loss, DataLoader data, Optimizer optimizer,
            TrainerOptions options) {
        this.model = model;
        this.loss = loss;
        this.data = data;
        this.optimizer = optimizer;
        this.options = options;
        this.rng = Rng.of(options.seed());
    }

    /**
     * A trainer without listeners and evaluation.
     *
     * @param loss the mean loss of a batch, a tracked scalar
     * @param data where the batches come from; closed at the end
     */
    public static Trainer of(Layer model, Function<Batch, Tensor> loss, DataLoader data, Optimizer optimizer,
            TrainerOptions options) {
        return new Trainer(model, loss, data, optimizer, options);
    }

    /** With an evaluation; of the averaged weights, if there is an {@link #average}. */
    public Trainer evaluator(Evaluator e) {
        evaluator = e;
        return this;
    }

    /** With one more listener. */
    public Trainer listener(TrainingListener l) {
        listeners.add(l);
        return this;
    }

    /** With averages of weights, updated after each step and kept in checkpoints. */
    public Trainer average(ExponentialMovingAverage a) {
        average = a;
        return this;
    }

    /**
     * With something that checkpoints keep for the caller, such as the model's hyper-parameters.
     *
     * @param c values that JSON has; nothing that differs between two runs of one seed
     * @throws dev.ricci.tensor.FormatException if JSON does not have them
     */
    public Trainer config(Map<String, ?> c) {
        Json.write(c);
        config = new LinkedHashMap<>(c);
        return this;
    }

    /**
     * With variables that belong to the training and not to the model, such as those of a curriculum: checkpoints keep them.
     *
     * @param variables by name
     */
    public Trainer keeping(Map<String, Variable> variables) {
        kept = Map.copyOf(variables);
        return this;
    }

    /** Asks the training to end after the step that runs now, with a checkpoint. From any thread. */
    public void stop() {
        stopRequested = true;
    }

    /**
     * Trains from the beginning.
     *
     * @throws TensorException if the folder holds checkpoints already, or the loss is no finite number at some step;
     *     the checkpoints written before are whole then
     */
    public TrainingResult run() throws IOException {
        return locked(() -> {
            if (options.folder() != null) {
                Optional<Checkpoint> there = Checkpoint.latest(options.folder());
                if (there.isPresent()) {
                    throw new TensorException("trainer: " + options.folder() + " holds the checkpoints of a run already"
                            + " (the last one of step " + there.get().state().step() + "); resume it, use another"
                            + " folder, or delete them with Checkpoint.deleteAll");
                }
            }
            return train();
        });
    }

    /** Goes on from the latest checkpoint in the folder, or begins if there is none. */
    public TrainingResult resume() throws IOException {
        if (options.folder() == null) {
            throw new TensorException("trainer: there is no folder of checkpoints to resume from; use withCheckpoints");
        }
        return locked(() -> {
            Optional<Checkpoint> latest = Checkpoint.latest(options.folder());
            if (latest.isPresent()) {
                restore(latest.get());
            }
            return train();
        });
    }

    /**
     * Goes on from a checkpoint, which may lie in another folder. Later checkpoints in this run's folder are deleted,
     * since their steps are made again.
     *
     * @throws TensorException as {@link Checkpoint#restore}, and if the data has no such position
     */
    public TrainingResult resume(Checkpoint from) throws IOException {
        return locked(() -> {
            restore(from);
            if (options.folder() != null) {
                CheckpointFolders.deleteLater(options.folder(), from.state().step());
            }
            return train();
        });
    }

    private interface Work {
        TrainingResult call() throws IOException;
    }

    private TrainingResult locked(Work work) throws IOException {
        if (started) {
            throw new TensorException("trainer: a trainer runs once; make another one");
        }
        started = true;
        try (data) {
            if (options.folder() == null) {
                return work.call();
            }
            try (RunLock lock = RunLock.of(options.folder())) {
                CheckpointFolders.tidy(options.folder());
                return work.call();
            }
        }
    }

    private void restore(Checkpoint from) throws IOException {
        CheckpointState s = from.state();
        if (s.step() > options.steps()) {
            throw new TensorException("trainer: " + from + " has more steps than the " + options.steps()
                    + " asked for");
        }
        DataLoader.State before = data.state();
        data.seek(s.data());
        try {
            from.restore(model, optimizer, average, kept);
        } catch (TensorException e) {
            data.seek(before);
            throw e;
        }
        if (optimizer.steps() != s.step()) {
            throw new FormatException(from + ": its optimizer has made " + optimizer.steps()
                    + " steps; the files do not belong together");
        }
        rng = Rng.ofKey(Tensor.ofLongs(new long[] {s.rngKey()}).reshape());
        bestScore = s.bestScore();
        bestStep = s.bestStep();
        evaluationsSinceBest = s.evaluationsSinceBest();
        checkpoint = from.folder();
    }

    // ---------------------------------------------------------------- the loop

    private TrainingResult train() throws IOException {
        try (TrainStep work = new TrainStep(loss, optimizer, average, options)) {
            return train(work);
        }
    }

    private TrainingResult train(TrainStep work) throws IOException {
        long begin = System.nanoTime();
        long parameters = model.trainableParameters().values().stream().mapToLong(Parameter::size).sum();
        long step = optimizer.steps();
        long savedStep = step;
        for (TrainingListener l : listeners) {
            l.onStart(new TrainingListener.Start(step, options.steps(), parameters));
        }
        OptionalDouble lastLoss = OptionalDouble.empty();
        OptionalDouble lastScore = OptionalDouble.empty();
        double smoothSeconds = 0;
        double totalSeconds = 0;
        long totalTokens = 0;
        while (step < options.steps() && !stopRequested && !isOutOfPatience()) {
            long stepBegin = System.nanoTime();
            DataLoader.State position = data.state();
            double rate = optimizer.learningRate();
            List<Batch> batches = batches();
            TrainStep.Made made = work.run(batches, rng.split(step), rate, step + 1);
            double mean = made.losses().stream().mapToDouble(Tensor::item).average().orElseThrow();
            if (!(made.scale().item() > 0)) {
                throw failure(work, step, mean, position);
            }
            optimizer.state().counted();
            step++;
            double seconds = (System.nanoTime() - stepBegin) * 1e-9;
            smoothSeconds = smoothSeconds == 0 ? seconds : 0.95 * smoothSeconds + 0.05 * seconds;
            totalSeconds += seconds;
            long tokens = batches.stream().mapToLong(Batch::targetCount).sum();
            totalTokens += tokens;
            lastLoss = OptionalDouble.of(mean);
            OptionalDouble score = isDue(options.evaluateEvery(), step) ? evaluate(step) : OptionalDouble.empty();
            lastScore = score.isPresent() ? score : lastScore;
            TrainingListener.Step event = new TrainingListener.Step(step, options.steps(), mean, rate, tokens,
                    tokens / smoothSeconds, Duration.ofNanos(System.nanoTime() - begin),
                    Duration.ofNanos((long) (1e9 * smoothSeconds * (options.steps() - step))), score);
            for (TrainingListener l : listeners) {
                l.onStep(event);
            }
            boolean best = score.isPresent() && bestStep == step;
            if (best || options.checkpointEvery() > 0 && step % options.checkpointEvery() == 0) {
                save(step);
                savedStep = step;
            }
        }
        if (step != savedStep) {
            save(step);
        }
        TrainingResult.End end = step == options.steps() ? TrainingResult.End.FINISHED
                : isOutOfPatience() ? TrainingResult.End.EARLY : TrainingResult.End.STOPPED;
        TrainingResult result = new TrainingResult(end, step, lastLoss, lastScore,
                bestScore == null ? OptionalDouble.empty() : OptionalDouble.of(bestScore), bestStep,
                totalSeconds == 0 ? 0 : totalTokens / totalSeconds, Duration.ofNanos(System.nanoTime() - begin),
                Optional.ofNullable(checkpoint));
        for (TrainingListener l : listeners) {
            l.onEnd(result);
        }
        return result;
    }

    /** Every so many steps, and at the end. */
    private boolean isDue(long every, long step) {
        return step == options.steps() || every > 0 && step % every == 0;
    }

    private boolean isOutOfPatience() {
        return options.patience() > 0 && evaluationsSinceBest >= options.patience();
    }

    private List<Batch> batches() {
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < options.accumulation(); i++) {
            batches.add(data.next());
        }
        return batches;
    }

    private OptionalDouble evaluate(long step) throws IOException {
        if (evaluator == null) {
            return OptionalDouble.empty();
        }
        double score = average == null ? evaluator.evaluate() : average.use(evaluator::evaluate);
        boolean best = Double.isFinite(score) && (bestScore == null || score < bestScore);
        if (best) {
            bestScore = score;
            bestStep = step;
            evaluationsSinceBest = 0;
        } else {
            evaluationsSinceBest++;
        }
        for (TrainingListener l : listeners) {
            l.onEvaluate(new TrainingListener.Evaluation(step, score, best));
        }
        return OptionalDouble.of(score);
    }

    private void save(long step) throws IOException {
        if (options.folder() == null) {
            return;
        }
        CheckpointState state = new CheckpointState(step, rng.key().toLongArray()[0],
                Schedule.describe(optimizer.state().schedule()), data.state(), bestScore, bestStep,
                evaluationsSinceBest, config);
        checkpoint = Checkpoint.write(options.folder(), state, model, optimizer, average, kept).folder();
        CheckpointFolders.keep(options.folder(), options.keepLast(), bestStep);
        for (TrainingListener l : listeners) {
            l.onCheckpoint(new TrainingListener.Saved(step, checkpoint));
        }
    }

    // ---------------------------------------------------------------- when it goes wrong

    /** Runs the step again under a guard, to say where it went wrong. */
    private TensorException failure(TrainStep work, long step, double mean, DataLoader.State position) {
        StringBuilder message = new StringBuilder("trainer: step ").append(step + 1);
        message.append(Double.isFinite(mean) ? ": the loss is " + mean + ", but its gradients are not finite"
                : ": the loss is " + mean);
        List<String> broken = model.parameters().entrySet().stream()
                .filter(e -> !NanGuard.isFinite(e.getValue().value())).map(Map.Entry::getKey).toList();
        if (!broken.isEmpty()) {
            message.append("; not finite before this step already, so an earlier update made them so: ").append(broken);
        } else if (options.nanGuard()) {
            NanGuard guard = new NanGuard();
            data.seek(position);
            guard.listen(() -> work.gradients(batches(), rng.split(step), new ArrayList<>()));
            message.append("; ").append(guard.report());
        }
        message.append(". No step was made of it. ");
        message.append(checkpoint == null ? "There is no checkpoint. " : "The last checkpoint is " + checkpoint + ". ");
        message.append("A lower learning rate, a longer warm-up or clipping usually helps");
        return new TensorException(message.toString());
    }
}
