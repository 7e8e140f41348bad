package dev.ricci.tensor;

import dev.ricci.tensor.op.Op;
import java.util.List;
import java.util.function.Supplier;

/**
 * Sees every op that the current thread executes: recorders, profilers and guards are listeners. Listeners nest; the
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
     * Called before a tensor's values are read on the host (item, toFloatArray, toString, ...). A recorder refuses by
     * throwing, since what depends on the value would be baked into the recording.
     *
     * @param reading the method that reads
     * @param tensor what is read
     */
    default void hostRead(String reading, Tensor tensor) {
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
        };
        return ScopedValue.where(Dispatch.LISTENER, both).call(body::get);
    }
}
