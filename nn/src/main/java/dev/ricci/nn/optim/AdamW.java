package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.op.StateUpdate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), one fused op for all parameters that share
 * their numbers.
 */
public final class AdamW implements Optimizer {
    /**
     * Hyper-parameters.
     *
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param eps added to the root of the second moment
     * @param weightDecay decoupled, times the learning rate
     * @param groups of parameters with their own numbers
     */
    public record Options(double beta1, double beta2, double eps, double weightDecay, List<ParameterGroup> groups) {
        /** Betas 0.9 and 0.999, eps 1e-8, decay 0.01, as PyTorch has them. */
        public static final Options DEFAULT = new Options(0.9, 0.999, 1e-8, 0.01, List.of());

        /** Checks the numbers. */
        public Options {
            new StateUpdate.AdamWStep(1, beta1, beta2, eps, weightDecay);
            ParameterGroup.checkDecay("adamw", weightDecay);
            groups = List.copyOf(groups);
        }

        /** With other betas. */
        public Options withBetas(double b1, double b2) {
            return new Options(b1, b2, eps, weightDecay, groups);
        }

        /** With another eps. */
        public Options withEps(double e) {
            return new Options(beta1, beta2, e, weightDecay, groups);
        }

        /** With another weight decay. */
        public Options withWeightDecay(double decay) {
            return new Options(beta1, beta2, eps, decay, groups);
        }

        /** With these groups. */
        public Options withGroups(ParameterGroup... g) {
            return new Options(beta1, beta2, eps, weightDecay, List.of(g));
        }
    }

    private final Options options;
    private final OptimizerState state;

    private AdamW(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        this.options = options;
        this.state = new OptimizerState("adamw", parameters, schedule, options.groups, options.weightDecay,
                p -> moments(p.spec()));
    }

    /** For these parameters, by path. */
    public static AdamW of(Map<String, Parameter> parameters, Schedule schedule, Options options) {
        return new AdamW(parameters, schedule, options);
    }

    /** With a constant learning rate and {@link Options#DEFAULT}. */
    public static AdamW of(Map<String, Parameter> parameters, double learningRate) {
        return of(parameters, Schedule.constant(learningRate), Options.DEFAULT);
    }

    @Override
    public OptimizerState state() {
        return state;
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Tensor step) {
        Map<Numbers, List<OptimizerState.Update>> alike = new LinkedHashMap<>();
        state.each(gradients, learningRate, step, u -> alike.computeIfAbsent(Numbers.of(u.slot()),
                k -> new ArrayList<>()).add(u));
        NoGrad.run(() -> alike.forEach((numbers, updates) -> fused(updates, options, numbers.weightDecay,
                updates.stream().map(OptimizerState.Update::rawGradient).toList(), updates.getFirst().scale())));
    }

    /** What parameters that move in one op have in common. */
    private record Numbers(DType dtype, double learningRateMultiplier, double weightDecay) {
        static Numbers of(OptimizerState.Slot slot) {
            return new Numbers(slot.parameter().spec().dtype(), slot.learningRateMultiplier(), slot.weightDecay());
        }
    }

    /** The specs of the moments of a parameter. */
    static Map<String, TensorSpec> moments(TensorSpec parameter) {
        Map<String, TensorSpec> kinds = new LinkedHashMap<>();
        kinds.put("m", parameter);
        kinds.put("v", parameter);
        return kinds;
    }

    /** The update of one parameter whose slot has the moments. */
    static void fused(OptimizerState.Update u, Options options, double weightDecay) {
        fused(u, options, weightDecay, u.rawGradient(), u.scale());
    }

    static void fused(OptimizerState.Update u, Options options, double weightDecay, Tensor gradient, Tensor scale) {
        fused(List.of(u), options, weightDecay, List.of(gradient), scale);
    }

    private static void fused(List<OptimizerState.Update> updates, Options options, double weightDecay,
            List<Tensor> gradients, Tensor scale) {
        List<Variable> states = new ArrayList<>();
        for (OptimizerState.Update u : updates) {
            states.add(u.slot().parameter().variable());
            states.add(u.slot().variable("m"));
            states.add(u.slot().variable("v"));
        }
        OptimizerState.Update first = updates.getFirst();
        List<Tensor> inputs = new ArrayList<>(gradients);
        inputs.addAll(List.of(first.learningRate(), first.step(), scale));
        Variable.update(new StateUpdate.AdamWStep(updates.size(), options.beta1, options.beta2, options.eps,
                weightDecay), states, inputs);
    }
}
