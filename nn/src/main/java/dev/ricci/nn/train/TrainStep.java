package dev.ricci.nn.train;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.optim.ExponentialMovingAverage;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * All of a training step: forward and backward pass, accumulation, clipping, the optimizer's update and the running
 * average. It is one function of tensors that reads nothing on the host, run op by op or as captured programs: one for
 * each row of shapes that batches come in.
 */
final class TrainStep implements AutoCloseable {
    /**
     * What a step gives.
     *
     * @param losses of the batches, scalars
     * @param scale of the gradients, an F32 scalar: not above 0 if they made no step, because a loss or the norm to be
     *     clipped is not finite; nothing has changed then
     */
    record Made(List<Tensor> losses, Tensor scale) {
    }

    private final Function<Batch, Tensor> loss;
    private final Optimizer optimizer;
    private final ExponentialMovingAverage average;
    private final TrainerOptions options;
    private final DType numbers;
    private final Map<List<TensorSpec>, Program> programs = new HashMap<>();

    /** @param average is null if there is none */
    TrainStep(Function<Batch, Tensor> loss, Optimizer optimizer, ExponentialMovingAverage average,
            TrainerOptions options) {
        this.loss = loss;
        this.optimizer = optimizer;
        this.average = average;
        this.options = options;
        boolean doubles = optimizer.state().parameters().stream().anyMatch(v -> v.spec().dtype() == DType.F64);
        // Devices have no F64, and parameters in F32 take no more of a number.
        this.numbers = doubles ? DType.F64 : DType.F32;
    }

    /**
     * Makes the step.
     *
     * @param learningRate of this step
     * @param number of this step, from 1
     */
    Made run(List<Batch> batches, Rng scope, double learningRate, long number) {
        List<Tensor> inputs = new ArrayList<>(List.of(scope.key(), Tensor.full(Shape.scalar(), numbers, learningRate),
                Tensor.full(Shape.scalar(), numbers, number)));
        for (Batch b : batches) {
            inputs.add(b.inputs());
            if (b.targets() != null) {
                inputs.add(b.targets());
            }
        }
        List<Tensor> made = options.captured()
                ? programs.computeIfAbsent(inputs.stream().map(Tensor::spec).toList(), k -> capture(batches, inputs))
                        .run(inputs.toArray(Tensor[]::new))
                : update(batches, inputs);
        return new Made(made.subList(0, batches.size()), made.getLast());
    }

    private Program capture(List<Batch> batches, List<Tensor> inputs) {
        Program onCpu = Program.capture("training step", in -> update(batches, in), inputs);
        return options.device().equals(Device.cpu()) ? onCpu : onCpu.on(options.device());
    }

    /** Gives the memory of a device back. */
    @Override
    public void close() {
        programs.values().forEach(Program::close);
    }

    /** The step as a function of tensors: the losses, then the scale. */
    private List<Tensor> update(List<Batch> like, List<Tensor> in) {
        List<Tensor> losses = new ArrayList<>();
        Gradients gradients = gradients(batches(like, in), Rng.ofKey(in.getFirst()), losses);
        for (Tensor l : losses) {
            gradients = gradients.scale(l.isFinite().to(DType.F32));
        }
        Tensor scale = gradients.scale();
        optimizer.step(gradients, in.get(1), in.get(2));
        gradients.release();
        if (average != null) {
            average.update(scale);
        }
        losses.add(scale);
        return losses;
    }

    /** Batches of the same kind from tensors in their order. */
    private static List<Batch> batches(List<Batch> like, List<Tensor> in) {
        List<Batch> made = new ArrayList<>();
        int at = 3;
        for (Batch b : like) {
            made.add(new Batch(in.get(at++), b.targets() == null ? null : in.get(at++)));
        }
        return made;
    }

    /**
     * Forward and backward passes alone, and clipping.
     *
     * @param losses takes those of the batches
     */
    Gradients gradients(List<Batch> batches, Rng scope, List<Tensor> losses) {
        return Training.scope(scope, () -> {
            Gradients sum = null;
            for (Batch batch : batches) {
                Tensor l = loss.apply(batch);
                if (l.rank() != 0) {
                    throw new ShapeException("trainer: the loss must be a scalar, got " + l.spec()
                            + "; reduce it with mean()");
                }
                sum = plus(sum, Gradients.of(l, Gradients.reuseMemory()));
                losses.add(l.detach());
            }
            Gradients mean = batches.size() == 1 ? sum : sum.scale(1.0 / batches.size());
            return options.clipNorm() > 0 ? mean.clipByGlobalNorm(options.clipNorm()) : mean;
        });
    }

    private static Gradients plus(Gradients before, Gradients more) {
        if (before == null) {
            return more;
        }
        Gradients sum = before.plus(more);
        before.release();
        more.release();
        return sum;
    }
}
