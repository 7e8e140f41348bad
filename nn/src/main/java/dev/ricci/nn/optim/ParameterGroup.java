package dev.ricci.nn.optim;

import dev.ricci.nn.Parameter;
import dev.ricci.tensor.TensorException;
import java.util.OptionalDouble;
import java.util.function.Predicate;

/**
 * Parameters that an optimizer treats in their own way. A parameter belongs to the first group that has it.
 *
 * @param members which parameters
 * @param learningRateMultiplier times the schedule's learning rate
 * @param weightDecay in the place of the optimizer's; empty keeps that
 */
public record ParameterGroup(Predicate<Parameter> members, double learningRateMultiplier, OptionalDouble weightDecay) {
    /** Checks the numbers. */
    public ParameterGroup {
        Schedule.check("parameter group: the multiplier", learningRateMultiplier);
        if (weightDecay.isPresent()) {
            checkDecay("parameter group", weightDecay.getAsDouble());
        }
    }

    /** These parameters without weight decay. */
    public static ParameterGroup noDecay(Predicate<Parameter> members) {
        return new ParameterGroup(members, 1, OptionalDouble.of(0));
    }

    /** Vectors and scalars (biases, norms) without weight decay: what is usual for transformers. */
    public static ParameterGroup noDecayForVectors() {
        return noDecay(p -> p.spec().shape().rank() < 2);
    }

    static void checkDecay(String source, double decay) {
        if (!(decay >= 0 && decay <= Double.MAX_VALUE)) {
            throw new TensorException(source + ": weight decay must be finite and not negative, got " + decay);
        }
    }

    static void checkShare(String source, String what, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new TensorException(source + ": " + what + " must lie in [0, 1), got " + value);
        }
    }
}
