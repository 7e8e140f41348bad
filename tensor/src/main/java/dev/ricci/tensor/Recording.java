package dev.ricci.tensor;

import dev.ricci.tensor.op.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The ops that a piece of code executed, in order, whether or not they were tracked. It can be replayed with other
 * tensors in the place of its inputs. Reading a value on the host while recording is refused, since what depends on the
 * value would be baked in.
 */
public final class Recording implements OpListener {
    /**
     * One executed op.
     *
     * @param op the op
     * @param inputs ids of its inputs
     * @param outputs ids of its outputs
     */
    public record Step(Op op, List<Long> inputs, List<Long> outputs) {
    }

    private final List<Step> steps = new ArrayList<>();
    private final Map<Long, Tensor> sources = new HashMap<>();
    private final Map<Long, Step> producers = new HashMap<>();

    private Recording() {
    }

    /** Runs {@code body} once and records what it executes on this thread. */
    public static Recording of(Runnable body) {
        Recording r = new Recording();
        r.listen((Supplier<Void>) () -> {
            body.run();
            return null;
        });
        return r;
    }

    @Override
    public void executed(Op op, List<Tensor> inputs, List<Tensor> outputs, long nanos) {
        Step step = new Step(op, ids(inputs), ids(outputs));
        for (Tensor t : inputs) {
            if (!producers.containsKey(t.id())) {
                sources.put(t.id(), t);
            }
        }
        step.outputs.forEach(id -> producers.put(id, step));
        steps.add(step);
    }

    @Override
    public void hostRead(String reading, Tensor tensor) {
        Step from = producers.get(tensor.id());
        throw new TensorException("recording: " + reading + " reads a value on the host, of " + tensor.spec()
                + (from == null ? "" : " made by '" + from.op.name() + "'")
                + "; what depends on it would be baked into the recording. Read it after recording, or compute with"
                + " tensor operations");
    }

    /** The ops in order. */
    public List<Step> steps() {
        return List.copyOf(steps);
    }

    /** The tensors that were read but not made while recording: inputs, parameters and constants, by id. */
    public Map<Long, Tensor> sources() {
        return Map.copyOf(sources);
    }

    /**
     * Runs the recorded ops again, untracked; nothing is updated in place.
     *
     * @param bindings tensors to use in the place of recorded ones, by id; the rest is as recorded
     * @param results ids of the tensors wanted
     * @return the tensors wanted, in order
     */
    public List<Tensor> replay(Map<Long, Tensor> bindings, List<Long> results) {
        Map<Long, Tensor> values = new HashMap<>(sources);
        values.putAll(bindings);
        NoGrad.run(() -> {
            for (Step step : steps) {
                Tensor[] in = step.inputs.stream().map(values::get).toArray(Tensor[]::new);
                Tensor[] out = Dispatch.runAll(step.op, in);
                for (int i = 0; i < out.length; i++) {
                    values.put(step.outputs.get(i), out[i]);
                }
            }
        });
        return results.stream().map(id -> {
            Tensor t = values.get(id);
            if (t == null) {
                throw new TensorException("recording: no tensor with id " + id + " was read or made");
            }
            return t;
        }).toList();
    }

    private static List<Long> ids(List<Tensor> tensors) {
        return tensors.stream().map(Tensor::id).toList();
    }
}
