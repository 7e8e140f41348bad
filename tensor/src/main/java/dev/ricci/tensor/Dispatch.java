package dev.ricci.tensor;

import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;
import java.util.List;

/** The one way in which an op is run: infer, execute on the inputs' backend, note provenance, tell the listener. */
final class Dispatch {
    static final ScopedValue<OpListener> LISTENER = ScopedValue.newInstance();

    private Dispatch() {
    }

    static OpListener listener() {
        return LISTENER.isBound() ? LISTENER.get() : null;
    }

    /** Runs an op with one output. */
    static Tensor run(Op op, Tensor... in) {
        return runAll(op, in)[0];
    }

    /** Runs an op. */
    static Tensor[] runAll(Op op, Tensor... in) {
        return execute(op, in, null);
    }

    /** Runs a state update; output i is written over the storage of input i, which must be dense. */
    static Tensor[] update(StateUpdate op, Tensor... in) {
        OpListener listener = listener();
        if (listener != null) {
            listener.updating(op, List.of(in).subList(0, op.states()));
        }
        return execute(op, in, in);
    }

    private static Tensor[] execute(Op op, Tensor[] in, Tensor[] into) {
        OpListener listener = listener();
        long start = listener == null ? 0 : System.nanoTime();
        List<TensorSpec> inSpecs = specs(op, in);
        List<TensorSpec> outSpecs = op.infer(inSpecs);
        Device device = device(op, in);
        Provenance provenance = tracks(op, in) ? Provenance.of(op, in, inSpecs, outSpecs) : null;
        Tensor[] out;
        if (op instanceof CustomOp custom) {
            out = runCustom(custom, in, outSpecs, provenance);
        } else {
            Operand[] results = results(op, in, into, outSpecs, device, provenance != null);
            out = new Tensor[results.length];
            for (int i = 0; i < out.length; i++) {
                Provenance p = outSpecs.get(i).dtype().isFloating() ? provenance : null;
                out[i] = new Tensor(outSpecs.get(i), device, results[i].storage(), results[i].layout(), p, i);
            }
        }
        if (provenance != null) {
            provenance.saveOutputs(out);
        }
        if (listener != null && !(op instanceof CustomOp)) {
            listener.executed(op, List.of(in), List.of(out), System.nanoTime() - start);
        }
        return out;
    }

    private static Operand[] results(Op op, Tensor[] in, Tensor[] into, List<TensorSpec> specs, Device device,
            boolean tracked) {
        Workspace workspace = Workspace.current();
        if (op instanceof Movement.View view) {
            Layout layout = view.view(in[0].layout());
            if (layout != null) {
                if (!tracked && workspace == null) {
                    in[0].storage().pin(); // an untracked view is a detached one: the user may keep it
                }
                return new Operand[] {new Operand(in[0].storage(), layout)};
            }
        }
        Backend backend = Backends.of(device);
        Operand[] operands = new Operand[in.length];
        for (int i = 0; i < in.length; i++) {
            operands[i] = new Operand(in[i].storage(), in[i].layout());
        }
        Operand[] results = new Operand[specs.size()];
        for (int i = 0; i < results.length; i++) {
            if (into != null) {
                if (operands[i].storage().plain() != operands[i].storage()) {
                    throw new TensorException(op.name() + ": " + in[i].spec() + " is kept as " + operands[i].storage()
                            + ", which cannot be changed; load it as F32 instead");
                }
                results[i] = operands[i];
                continue;
            }
            TensorSpec spec = specs.get(i);
            Storage made = backend.allocate(spec.dtype(), spec.shape().size());
            results[i] = new Operand(made, Layout.dense(spec.shape()));
            if (workspace != null) {
                workspace.made(made);
            } else if (tracked) {
                made.countHolds();
            }
        }
        backend.execute(op, operands, results);
        if (into != null) {
            for (Operand result : results) {
                result.storage().changed();
            }
        }
        return results;
    }

    private static Tensor[] runCustom(CustomOp op, Tensor[] in, List<TensorSpec> specs, Provenance provenance) {
        List<Tensor> made = Workspace.outside(() -> NoGrad.call(() -> op.forward(List.of(in))));
        if (made.size() != specs.size()) {
            throw new TensorException(op.name() + ": forward returned " + made.size() + " outputs, infer promised "
                    + specs);
        }
        Tensor[] out = new Tensor[made.size()];
        for (int i = 0; i < out.length; i++) {
            Tensor t = made.get(i);
            if (!t.spec().equals(specs.get(i))) {
                throw new TensorException(op.name() + ": output " + i + " of forward is " + t.spec()
                        + ", infer promised " + specs.get(i));
            }
            Provenance p = t.dtype().isFloating() ? provenance : null;
            // The same storage, so that a captured program of the inner ops connects to what uses the result.
            out[i] = t.withProvenance(p, i);
        }
        return out;
    }

    private static boolean tracks(Op op, Tensor[] in) {
        if (op instanceof StateUpdate || NoGrad.isActive()) {
            return false;
        }
        for (Tensor t : in) {
            if (t.provenance() != null) {
                return true;
            }
        }
        return false;
    }

    private static List<TensorSpec> specs(Op op, Tensor[] in) {
        for (int i = 0; i < in.length; i++) {
            if (in[i] == null) {
                throw new TensorException(op.name() + ": input " + i + " of " + in.length + " is null; pass a tensor");
            }
        }
        return switch (in.length) {
            case 0 -> List.of();
            case 1 -> List.of(in[0].spec());
            case 2 -> List.of(in[0].spec(), in[1].spec());
            default -> {
                TensorSpec[] specs = new TensorSpec[in.length];
                for (int i = 0; i < in.length; i++) {
                    specs[i] = in[i].spec();
                }
                yield List.of(specs);
            }
        };
    }

    private static Device device(Op op, Tensor[] in) {
        if (in.length == 0) {
            return Device.cpu();
        }
        Device device = in[0].device();
        for (Tensor t : in) {
            if (!t.device().equals(device)) {
                throw new DeviceException(op.name() + ": operands are on different devices: " + in[0].spec() + " on "
                        + device + ", " + t.spec() + " on " + t.device());
            }
        }
        return device;
    }

    /** Storage of a tensor whose values are about to be read on the host. */
    static Storage hostRead(String reading, Tensor t) {
        OpListener listener = listener();
        if (listener != null) {
            listener.hostRead(reading, t);
        }
        return t.storage();
    }
}
