package dev.ricci.tensor;

import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import java.util.List;
import java.util.function.Supplier;

/**
 * Sees every op that the current thread executes: captures, profilers and guards are listeners. Listeners nest; the
 * outer one sees an op after the inner one.
 */
public interface OpListener {
    /**
     * Called after an op ran.
     *
     * @param op the op
     * @param inputs its inputs
     * @param outputs its outputs
     * @param nanos how long it ran, in nanoseconds
     */
    void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos);

    /**
     * Called before a tensor's values are read on the host (item, toFloatArray, toString, ...). A capture refuses by
     * throwing, since what depends on the value would be baked into the program.
     *
     * @param reading the method that reads
     * @param tensor what is read
     */
    default void hostRead(String reading, Tensor tensor) {
    }

    /**
     * Called before an op writes over states.
     *
     * @param op the op
     * @param states with their old values
     */
    default void updating(StateUpdate op, List<Tensor> states) {
    }

    /**
     * Called before numbers that change from call to call, such as a step count, are taken from the host. A capture
     * refuses by throwing.
     *
     * @param taking the method that takes them
     * @param remedy what to call instead
     */
    default void hostNumber(String taking, String remedy) {
    }

    /** Tells the listener of this thread, if there is one, that numbers are taken from the host. */
    static void tellHostNumber(String taking, String remedy) {
        OpListener listener = Dispatch.listener();
        if (listener != null) {
            listener.hostNumber(taking, remedy);
        }
    }

    /** Runs {@code body} with this listener and returns its result. */
    default <T> T listen(Supplier<T> body) {
        OpListener outer = Dispatch.listener();
        OpListener both = outer == null ? this : new OpListener() {
            @Override
            public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
                OpListener.this.executed(op, inputs, outputs, nanos);
                outer.executed(op, inputs, outputs, nanos);
            }

            @Override
            public void hostRead(String reading, Tensor tensor) {
                OpListener.this.hostRead(reading, tensor);
                outer.hostRead(reading, tensor);
            }

            @Override
            public void updating(StateUpdate op, List<Tensor> states) {
                OpListener.this.updating(op, states);
                outer.updating(op, states);
            }

            @Override
            public void hostNumber(String taking, String remedy) {
                OpListener.this.hostNumber(taking, remedy);
                outer.hostNumber(taking, remedy);
            }
        };
        return ScopedValue.where(Dispatch.LISTENER, both).call(() -> Workspace.outside(body));
    }
}
