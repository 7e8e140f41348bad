package dev.ricci.tensor.op;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/**
 * Ops that give new state from old: the first {@link #states()} inputs are state, and output i is the new value of
 * state i, which a backend may write over the old one (see {@link dev.ricci.tensor.Variable#update}). Not
 * differentiable. What changes from step to step is an input, never an attribute, so that a captured program bakes nothing in.
 */
public sealed interface StateUpdate extends Op {
    /** How many of the first inputs are state. */
    int states();

    /** Inputs (state, value): the new state is the value. */
    record Assign() implements StateUpdate {
        @Override
        public int states() {
            return 1;
        }

        @Override
        public String name() {
            return "assign";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.same(this, in.get(0), in.get(1));
            return List.of(in.get(0));
        }
    }

    /**
     * Inputs (state, update, start I32 or I64 scalar): the update written into the state along an axis from start on;
     * sizes along the other axes are equal. A key-value cache appends and overwrites with it.
     *
     * @param axis counted from the front
     */
    record WriteSlice(int axis) implements StateUpdate {
        @Override
        public int states() {
            return 1;
        }

        @Override
        public String name() {
            return "write_slice";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 3, 3);
            Check.sameDType(this, in.get(0), in.get(1));
            Check.axis(this, in.get(0), axis);
            Check.rank(this, in.get(1), in.get(0).shape().rank(), "the update");
            if (!in.get(0).shape().with(axis, 0).equals(in.get(1).shape().with(axis, 0))
                    || in.get(1).shape().dim(axis) > in.get(0).shape().dim(axis)) {
                throw new ShapeException("write_slice: an update of shape " + in.get(1).shape() + " does not fit "
                        + in.get(0).shape() + " along axis " + axis);
            }
            Check.ids(this, in.get(2), "start");
            Check.scalar(this, in.get(2), "start");
            return List.of(in.get(0));
        }
    }

    /**
     * One step of AdamW (Loshchilov and Hutter 2019, algorithm 2) for some parameters at once, with the gradients first
     * multiplied by the scale (clipping). Inputs: param, m and v of each parameter in turn; the gradients; learning
     * rate, step and grad scale, scalars of the parameters' type. Outputs: param, m and v of each. The step counts from
     * 1.
     *
     * <p>A scale that is 0 or NaN makes no step: param, m and v stay as they are, whatever the gradients are. So a step
     * is refused on any device without the host reading a value.
     *
     * @param parameters how many
     * @param beta1 decay of the first moment
     * @param beta2 decay of the second moment
     * @param eps added to the root of the second moment
     * @param weightDecay decoupled decay, times the learning rate
     */
    record AdamWStep(int parameters, double beta1, double beta2, double eps, double weightDecay)
            implements StateUpdate {
        /** Checks the hyper-parameters. */
        public AdamWStep {
            if (parameters < 1) {
                throw new TensorException("adamw: needs one parameter or more, got " + parameters);
            }
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) {
                throw new TensorException("adamw: betas must lie in [0, 1), got " + beta1 + " and " + beta2);
            }
            if (!(eps >= 0) || !(weightDecay >= 0)) {
                throw new TensorException("adamw: eps and weight decay must not be negative, got " + eps + " and "
                        + weightDecay);
            }
        }

        @Override
        public int states() {
            return 3 * parameters;
        }

        @Override
        public String name() {
            return "adamw_step";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            int numbers = 4 * parameters;
            Check.count(this, in, numbers + 3, numbers + 3);
            for (int i = 0; i < parameters; i++) {
                TensorSpec p = in.get(3 * i);
                Check.computable(this, p);
                Check.sameDType(this, in.getFirst(), p);
                Check.same(this, p, in.get(3 * i + 1));
                Check.same(this, p, in.get(3 * i + 2));
                Check.same(this, p, in.get(states() + i));
            }
            for (int i = numbers; i < numbers + 3; i++) {
                Check.sameDType(this, in.getFirst(), in.get(i));
                Check.scalar(this, in.get(i), "learning rate, step and grad scale");
            }
            return List.copyOf(in.subList(0, states()));
        }
    }
}
