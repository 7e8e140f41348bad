package dev.ricci.nn.train;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a training ended.
 *
 * @param end why
 * @param steps number of finished steps, those before a resume too
 * @param loss of the last step of this run, empty if it made none
 * @param score of the last evaluation of this run, empty if there was none
 * @param bestScore of all evaluations, those before a resume too
 * @param bestStep where the best score was had, 0 if nowhere
 * @param tokensPerSecond targets by the time of this run's steps, 0 if it made none
 * @param elapsed time of this run
 * @param checkpoint the last one, if checkpoints are written
 */
public record TrainingResult(End end, long steps, OptionalDouble loss, OptionalDouble score, OptionalDouble bestScore,
        long bestStep, double tokensPerSecond, Duration elapsed, Optional<Path> checkpoint) {
    /** Why a training ended. */
    public enum End {
        /** All steps are done. */
        FINISHED,
        /** {@link Trainer#stop()} was called. */
        STOPPED,
        /** The evaluation did not get better for too long. */
        EARLY
    }
}
