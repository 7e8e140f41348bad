package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import java.util.List;
import java.util.Map;

/**
 * Lion (Chen et al. 2023, algorithm 2): p -= lr * (sign(beta1 * m + (1 - beta1) * g) + decay * p), then
 * m = beta2 * m + (1 - beta2) * g. Learning rates are three to ten times smaller than AdamW's, decays as much larger.
 */
public final class Lion implements Optimizer {
    /**
     * Hyper-parameters.
     *
     * @param beta1 share of the momentum in the step
     * @param beta2 decay of the momentum
     * @param weightDecay decoupled, times the learning rate
     * @param groups of parameters with their own numbers
     */
    public record Options(double beta1, double beta2, double weightDecay, List<ParameterGroup> groups) {
        /** Betas 0.9 and 0.99, no decay. */
        public static final Options DEFAULT = new Options(0.9, 0.99, 0, List.of());

        /** Checks the numbers. */
        public Options {
            ParameterGroup.checkShare("lion", "beta1", beta1);
            ParameterGroup.checkShare("lion", "beta2", beta2);
            ParameterGroup.checkDecay("lion", weightDecay);
            groups = List.copyOf(groups);
        }

        /** With other betas. */
        public Options withBetas(double b1, double b2) {
            return new Options(b1, b2, weightDecay, groups);
        }

        /** With another weight decay. */
        public Options withWeightDecay(double decay) {
            return new Options(beta1, beta2, decay, groups);
        }

        /** With these groups. */
        public Options withGroups(ParameterGroup... g) {
            return new Options(beta1, beta2, weightDecay, List.of(g));
        }
    }

    private final Options options;
    private final OptimizerState state;

    private Lion(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        this.options = options;
        this.state = new OptimizerState("lion", parameters, schedule, options.groups, options.weightDecay,
                p -> Map.of("m", p.spec()));
    }

    /** For these parameters, by path. */
    public static Lion of(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        return new Lion(parameters, schedule, options);
    }

    /** With a constant learning rate and {@link Options#DEFAULT}. */
    public static Lion of(Map<String, Parameter> parameters, double learningRate) {
        return of(parameters, Schedule.constant(learningRate), Options.DEFAULT);
    }

    @Override
    public OptimizerState state() {
        return state;
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Tensor step) {
        state.each(gradients, learningRate, step, u -> {
            Tensor g = u.gradient();
            Variable m = u.slot().variable("m");
            Tensor move = m.value().mul(options.beta1).add(g.mul(1 - options.beta1)).sign();
            if (u.slot().weightDecay() != 0) {
                move = move.add(u.value().mul(u.slot().weightDecay()));
            }
            u.assign(u.slot().parameter().variable(), u.value().sub(move.mul(u.learningRate())));
            u.assign(m, m.value().mul(options.beta2).add(g.mul(1 - options.beta2)));
        });
    }
}
