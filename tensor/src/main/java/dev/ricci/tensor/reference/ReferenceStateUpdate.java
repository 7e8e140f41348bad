package dev.ricci.tensor.reference;

import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.reference.Dense.Lanes;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

/** Output i may be the memory of input i, and other inputs may be views of it: everything is read before writing. */
final class ReferenceStateUpdate {
    private ReferenceStateUpdate() {
    }

    static void run(StateUpdate op, Operand[] in, Operand[] out) {
        switch (op) {
            case StateUpdate.Assign o -> put(Dense.copy(in[1]), out[0]);
            case StateUpdate.WriteSlice o -> writeSlice(o, in, out[0]);
            case StateUpdate.AdamWStep o -> adamW(o, in, out);
        }
    }

    private static void put(Operand dense, Operand out) {
        Dense.move(dense, Dense.places(dense.layout()), out);
    }

    private static void writeSlice(StateUpdate.WriteSlice op, Operand[] in, Operand out) {
        Lanes state = Lanes.of(in[0].shape(), op.axis());
        Lanes written = Lanes.of(in[1].shape(), op.axis());
        int start = IdCheck.start(op.name(), in[2], written.n(), state.n());
        Operand update = Dense.copy(in[1]);
        if (in[0].storage() != out.storage()) {
            put(in[0], out);
        }
        for (int o = 0; o < written.outer(); o++) {
            for (int i = 0; i < written.n(); i++) {
                for (int k = 0; k < written.inner(); k++) {
                    Dense.move(update, written.at(o, i, k), out, state.at(o, start + i, k));
                }
            }
        }
    }

    /**
     * Nothing moves if scale is 0 or NaN, else g = grad scale; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
     * p = p - lr decay p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
     */
    private static void adamW(StateUpdate.AdamWStep op, Operand[] in, Operand[] out) {
        double rate = Dense.scalar(in[in.length - 3]);
        double step = Dense.scalar(in[in.length - 2]);
        double scale = Dense.scalar(in[in.length - 1]);
        boolean moves = Math.abs(scale) > 0;
        double correction1 = 1 - StrictMath.pow(op.beta1(), step);
        double correction2 = 1 - StrictMath.pow(op.beta2(), step);
        double[][] grads = new double[op.parameters()][];
        for (int k = 0; k < grads.length; k++) {
            grads[k] = Dense.doubles(in[op.states() + k]);
        }
        for (int k = 0; k < grads.length; k++) {
            double[] p = Dense.doubles(in[3 * k]);
            double[] m = Dense.doubles(in[3 * k + 1]);
            double[] v = Dense.doubles(in[3 * k + 2]);
            for (int n = 0; moves && n < p.length; n++) {
                double g = grads[k][n] * scale;
                m[n] = op.beta1() * m[n] + (1 - op.beta1()) * g;
                v[n] = op.beta2() * v[n] + (1 - op.beta2()) * g * g;
                p[n] = p[n] - rate * op.weightDecay() * p[n]
                        - rate * (m[n] / correction1) / (StrictMath.sqrt(v[n] / correction2) + op.eps());
            }
            Dense.write(out[3 * k], p);
            Dense.write(out[3 * k + 1], m);
            Dense.write(out[3 * k + 2], v);
        }
    }
}
