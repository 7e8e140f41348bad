package dev.ricci.nn.train;

import dev.ricci.tensor.Device;
import dev.ricci.tensor.TensorException;
import java.nio.file.Path;

/**
 * How to train.
 *
 * @param steps how many updates in all, those before a resume too
 * @param accumulation batches whose mean gradient makes one update
 * @param clipNorm the largest global norm of the gradients, 0 for no clipping
 * @param evaluateEvery evaluate after every so many steps, 0 for the end only; the end is always evaluated
 * @param checkpointEvery write a checkpoint after every so many steps, 0 for the end only
 * @param keepLast how many checkpoints stay, besides the best
 * @param patience end after so many evaluations without a better one, 0 for never
 * @param seed of dropout and other randomness of layers
 * @param nanGuard whether a step with a loss that is no finite number is run again to name the op that made it so
 * @param captured whether the whole step, from the forward pass to the optimizer's update, runs as a captured
 *     {@link dev.ricci.tensor.Program}: the same bits with less time between the ops, which pays for small models. The loss
 *     may take nothing from the host that changes from step to step but its batch and the scope's randomness. True for
 *     every device but the CPU
 * @param device where the steps run. On another one than the CPU, parameters and the optimizer's state stay there while
 *     steps follow each other; a step takes its batches and gives losses. Evaluations and checkpoints read the
 *     parameters, which then come to the host
 * @param folder of the checkpoints, or null for none
 */
public record TrainerOptions(long steps, int accumulation, double clipNorm, long evaluateEvery, long checkpointEvery,
        int keepLast, int patience, long seed, boolean nanGuard, boolean captured, Device device, Path folder) {
    /** Checks the numbers. */
    public TrainerOptions {
        atLeast("steps", steps, 1);
        atLeast("accumulation", accumulation, 1);
        atLeast("evaluateEvery", evaluateEvery, 0);
        atLeast("checkpointEvery", checkpointEvery, 0);
        atLeast("keepLast", keepLast, 1);
        atLeast("patience", patience, 0);
        captured = captured || !device.equals(Device.cpu());
        if (!(clipNorm >= 0 && clipNorm <= Double.MAX_VALUE)) {
            throw new TensorException("trainer: clipNorm must be finite and not negative, got " + clipNorm);
        }
    }

    private static void atLeast(String what, long value, long least) {
        if (value < least) {
            throw new TensorException("trainer: " + what + " must be " + least + " or more, got " + value);
        }
    }

    /** So many steps; no clipping, no checkpoints, evaluation at the end, seed 0, with the guard. */
    public static TrainerOptions of(long steps) {
        return new TrainerOptions(steps, 1, 0, 0, 0, 2, 0, 0, true, false, Device.cpu(), null);
    }

    /** With so many batches in an update. */
    public TrainerOptions withAccumulation(int batches) {
        return new TrainerOptions(steps, batches, clipNorm, evaluateEvery, checkpointEvery, keepLast, patience, seed,
                nanGuard, captured, device, folder);
    }

    /** With clipping by the global norm. */
    public TrainerOptions withClipNorm(double norm) {
        return new TrainerOptions(steps, accumulation, norm, evaluateEvery, checkpointEvery, keepLast, patience, seed,
                nanGuard, captured, device, folder);
    }

    /** With an evaluation after every so many steps. */
    public TrainerOptions withEvaluateEvery(long every) {
        return new TrainerOptions(steps, accumulation, clipNorm, every, checkpointEvery, keepLast, patience, seed,
                nanGuard, captured, device, folder);
    }

    /** With checkpoints in a folder, after every so many steps and at the end. */
    public TrainerOptions withCheckpoints(Path in, long every) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, every, keepLast, patience, seed,
                nanGuard, captured, device, in);
    }

    /** With so many checkpoints kept, besides the best. */
    public TrainerOptions withKeepLast(int checkpoints) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, checkpoints, patience,
                seed, nanGuard, captured, device, folder);
    }

    /** With an end after so many evaluations without a better one. */
    public TrainerOptions withPatience(int evaluations) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, keepLast, evaluations,
                seed, nanGuard, captured, device, folder);
    }

    /** With another seed. */
    public TrainerOptions withSeed(long s) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, keepLast, patience, s,
                nanGuard, captured, device, folder);
    }

    /** With the guard or without. */
    public TrainerOptions withNanGuard(boolean on) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, keepLast, patience,
                seed, on, captured, device, folder);
    }

    /** With captured steps or without. */
    public TrainerOptions withCaptured(boolean on) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, keepLast, patience,
                seed, nanGuard, on, device, folder);
    }

    /**
     * With steps on a device.
     *
     * @param where such as {@link Device#gpu()}, which throws a {@link dev.ricci.tensor.DeviceException} if there is none
     */
    public TrainerOptions withDevice(Device where) {
        return new TrainerOptions(steps, accumulation, clipNorm, evaluateEvery, checkpointEvery, keepLast, patience,
                seed, nanGuard, captured, where, folder);
    }
}
