package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adafactor without momentum (Shazeer and Stern 2018, algorithms 4 and 5): the second moment of a matrix is kept as
 * its row and column means, the step is clipped by its root mean square, and scaled by the parameter's. The learning
 * rate is the paper's relative step size; {@link Schedule} min(1e-2, 1 / sqrt(t)) is what it used.
 */
public final class Adafactor implements Optimizer {
    /**
     * Hyper-parameters.
     *
     * @param eps1 added to the squared gradient
     * @param eps2 the least root mean square of a parameter
     * @param clipThreshold the largest root mean square of a step
     * @param decayRate of the second moment: beta2 = 1 - step^-decayRate
     * @param scaleParameter whether the learning rate is relative to the parameter's root mean square
     * @param weightDecay decoupled, times the learning rate
     * @param groups of parameters with their own numbers
     */
    public record Options(double eps1, double eps2, double clipThreshold, double decayRate, boolean scaleParameter,
            double weightDecay, List<ParameterGroup> groups) {
        /** The paper's: 1e-30, 1e-3, 1, 0.8, relative, no decay. */
        public static final Options DEFAULT = new Options(1e-30, 1e-3, 1, 0.8, true, 0, List.of());

        /** Checks the numbers. */
        public Options {
            if (!(eps1 >= 0 && eps2 >= 0 && eps1 < 1 && eps2 < 1)) {
                throw new TensorException("adafactor: eps must lie in [0, 1), got " + eps1 + " and " + eps2);
            }
            if (!(clipThreshold > 0 && decayRate > 0 && decayRate <= 1)) {
                throw new TensorException("adafactor: the clip threshold must be positive and the decay rate lie in"
                        + " (0, 1], got " + clipThreshold + " and " + decayRate);
            }
            ParameterGroup.checkDecay("adafactor", weightDecay);
            groups = List.copyOf(groups);
        }

        /** With the learning rate relative to the parameter's size, or absolute. */
        public Options withScaleParameter(boolean relative) {
            return new Options(eps1, eps2, clipThreshold, decayRate, relative, weightDecay, groups);
        }

        /** With another weight decay. */
        public Options withWeightDecay(double decay) {
            return new Options(eps1, eps2, clipThreshold, decayRate, scaleParameter, decay, groups);
        }

        /** With these groups. */
        public Options withGroups(ParameterGroup... g) {
            return new Options(eps1, eps2, clipThreshold, decayRate, scaleParameter, weightDecay, List.of(g));
        }
    }

    private final Options options;
    private final OptimizerState state;

    private Adafactor(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        this.options = options;
        this.state = new OptimizerState("adafactor", parameters, schedule, options.groups, options.weightDecay,
                p -> kinds(p.spec()));
    }

    /** For these parameters, by path. */
    public static Adafactor of(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        return new Adafactor(parameters, schedule, options);
    }

    /** With a constant relative step size and {@link Options#DEFAULT}. */
    public static Adafactor of(Map<String, Parameter> parameters, double learningRate) {
        return of(parameters, Schedule.constant(learningRate), Options.DEFAULT);
    }

    private static Map<String, TensorSpec> kinds(TensorSpec p) {
        if (p.shape().rank() < 2) {
            return Map.of("v", p);
        }
        Shape s = p.shape();
        Map<String, TensorSpec> kinds = new LinkedHashMap<>();
        kinds.put("row", p.with(s.with(s.rank() - 1, 1)));
        kinds.put("column", p.with(s.with(s.rank() - 2, 1)));
        return kinds;
    }

    @Override
    public OptimizerState state() {
        return state;
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Tensor step) {
        state.each(gradients, learningRate, step, u -> {
            Tensor g = u.gradient();
            Tensor square = g.square().add(options.eps1);
            Tensor fresh = u.step().pow(-options.decayRate);
            Tensor move;
            if (u.slot().has("v")) {
                move = g.mul(blend(u, "v", square, fresh).rsqrt());
            } else {
                Tensor row = blend(u, "row", square.meanKeepDims(-1), fresh);
                Tensor column = blend(u, "column", square.meanKeepDims(-2), fresh);
                // v = row * column / mean(row), factor by factor: the product of two tiny numbers would be 0.
                move = g.mul(row.div(row.meanKeepDims(-2)).rsqrt()).mul(column.rsqrt());
            }
            move = move.div(rms(move).div(options.clipThreshold).maximum(1));
            if (options.scaleParameter) {
                move = move.mul(rms(u.value()).maximum(options.eps2));
            }
            if (u.slot().weightDecay() != 0) {
                move = move.add(u.value().mul(u.slot().weightDecay()));
            }
            u.assign(u.slot().parameter().variable(), u.value().sub(move.mul(u.learningRate())));
        });
    }

    /** The running mean with a share of the fresh value, kept and returned. */
    private static Tensor blend(OptimizerState.Update u, String kind, Tensor value, Tensor share) {
        Variable mean = u.slot().variable(kind);
        u.assign(mean, mean.value().add(value.sub(mean.value()).mul(share)));
        return mean.value();
    }

    private static Tensor rms(Tensor t) {
        return t.square().mean().sqrt();
    }
}
