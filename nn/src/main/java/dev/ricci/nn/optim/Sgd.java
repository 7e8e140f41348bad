package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form): g = gradient + decay * p,
 * b = momentum * b + g, p -= lr * b, or with Nesterov's look-ahead p -= lr * (g + momentum * b).
 */
public final class Sgd implements Optimizer {
    /**
     * Hyper-parameters.
     *
     * @param momentum 0 .. 1, 0 for none
     * @param nesterov look ahead; needs momentum
     * @param weightDecay added to the gradient, times the parameter
     * @param groups of parameters with their own numbers
     */
    public record Options(double momentum, boolean nesterov, double weightDecay, List<ParameterGroup> groups) {
        /** No momentum, no decay. */
        public static final Options DEFAULT = new Options(0, false, 0, List.of());

        /** Checks the numbers. */
        public Options {
            ParameterGroup.checkShare("sgd", "momentum", momentum);
            ParameterGroup.checkDecay("sgd", weightDecay);
            groups = List.copyOf(groups);
            if (nesterov && momentum == 0) {
                throw new TensorException("sgd: nesterov needs a momentum above 0");
            }
        }

        /** With another momentum. */
        public Options withMomentum(double m) {
            return new Options(m, nesterov, weightDecay, groups);
        }

        /** With Nesterov's look-ahead or without. */
        public Options withNesterov(boolean on) {
            return new Options(momentum, on, weightDecay, groups);
        }

        /** With another weight decay. */
        public Options withWeightDecay(double decay) {
            return new Options(momentum, nesterov, decay, groups);
        }

        /** With these groups. */
        public Options withGroups(ParameterGroup... g) {
            return new Options(momentum, nesterov, weightDecay, List.of(g));
        }
    }

    private final Options options;
    private final OptimizerState state;

    private Sgd(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        this.options = options;
        this.state = new OptimizerState("sgd", parameters, schedule, options.groups, options.weightDecay,
                p -> options.momentum == 0 ? Map.of() : Map.of("momentum", p.spec()));
    }

    /** For these parameters, by path. */
    public static Sgd of(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        return new Sgd(parameters, schedule, options);
    }

    /** Plain gradient descent with a constant learning rate. */
    public static Sgd of(Map<String, Parameter> parameters, double learningRate) {
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
            if (u.slot().weightDecay() != 0) {
                g = g.add(u.value().mul(u.slot().weightDecay()));
            }
            if (options.momentum != 0) {
                Variable b = u.slot().variable("momentum");
                u.assign(b, b.value().mul(options.momentum).add(g));
                g = options.nesterov ? g.add(b.value().mul(options.momentum)) : b.value();
            }
            u.assign(u.slot().parameter().variable(), u.value().sub(g.mul(u.learningRate())));
        });
    }
}
