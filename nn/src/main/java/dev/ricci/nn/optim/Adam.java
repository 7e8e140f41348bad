package dev.ricci.nn.optim;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.Parameter;
import dev.ricci.tensor.Tensor;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015, algorithm 1). Weight decay is added to the gradient, times the parameter (L2
 * regularisation); {@link AdamW} is what one wants usually.
 */
public final class Adam implements Optimizer {
    private final AdamW.Options options;
    private final OptimizerState state;

    private Adam(Map<String, Parameter> parameters, Schedule schedule, AdamW.Options options) {
        this.options = options;
        this.state = new OptimizerState("adam", parameters, schedule, options.groups(), options.weightDecay(),
                p -> AdamW.moments(p.spec()));
    }

    /** For these parameters, by path; the options' weight decay is L2 here. */
    public static Adam of(Map<String, Parameter> parameters, Schedule schedule, AdamW.Options options) {
        return new Adam(parameters, schedule, options);
    }

    /** With a constant learning rate, {@link AdamW.Options#DEFAULT}'s betas and no decay. */
    public static Adam of(Map<String, Parameter> parameters, double learningRate) {
        return of(parameters, Schedule.constant(learningRate), AdamW.Options.DEFAULT.withWeightDecay(0));
    }

    @Override
    public OptimizerState state() {
        return state;
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Tensor step) {
        state.each(gradients, learningRate, step, u -> {
            double decay = u.slot().weightDecay();
            if (decay == 0) {
                AdamW.fused(u, options, 0);
            } else {
                AdamW.fused(u, options, 0, u.gradient().add(u.value().mul(decay)), u.moves());
            }
        });
    }
}
