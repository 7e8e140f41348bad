package dev.ricci.nn.train;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;

/**
 * Hears what happens in a training: progress bars, pictures, logs. Called on the training thread, in the order in which
 * the listeners were added; what it throws ends the training.
 */
public interface TrainingListener {
    /**
     * Before the first step.
     *
     * @param finishedSteps 0, or where a resumed run goes on
     * @param steps how many steps there will be in all
     * @param parameters number of trainable elements of the model
     */
    record Start(long finishedSteps, long steps, long parameters) {
    }

    /**
     * After a step.
     *
     * @param step its number, from 1
     * @param steps how many steps there will be in all
     * @param loss mean over the step's batches
     * @param learningRate of the step
     * @param tokens targets seen in the step
     * @param tokensPerSecond smoothed over the last steps
     * @param elapsed time since this run began
     * @param remaining estimated time of the steps to come, without evaluations and checkpoints
     * @param score of the evaluation after this step, if there was one
     */
    record Step(long step, long steps, double loss, double learningRate, long tokens, double tokensPerSecond,
            Duration elapsed, Duration remaining, OptionalDouble score) {
    }

    /**
     * After an evaluation; the step's own event follows.
     *
     * @param step number of finished steps
     * @param score lower is better
     * @param best whether it is the best so far
     */
    record Evaluation(long step, double score, boolean best) {
    }

    /**
     * After a checkpoint was written.
     *
     * @param step number of finished steps
     * @param folder where it lies
     */
    record Saved(long step, Path folder) {
    }

    /** Before the first step. */
    default void onStart(Start event) throws IOException {
    }

    /** After a step, and after its evaluation, before its checkpoint. */
    default void onStep(Step event) throws IOException {
    }

    /** After an evaluation. */
    default void onEvaluate(Evaluation event) throws IOException {
    }

    /** After a checkpoint. */
    default void onCheckpoint(Saved event) throws IOException {
    }

    /** At the end, unless the training fails. */
    default void onEnd(TrainingResult event) throws IOException {
    }
}
