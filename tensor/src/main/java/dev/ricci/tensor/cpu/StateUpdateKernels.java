package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/** State updates. Output i may be the memory of input i, and other inputs may be views of it. */
final class StateUpdateKernels {
    /** Elements of a parameter that AdamW moves in one part: some 30 microseconds. */
    private static final int ADAM_PART = 1 << 15;

    private StateUpdateKernels() {
    }

    /** Runs an update of F32 state. */
    static void run(StateUpdate op, Operand[] in, Operand[] out) {
        switch (op) {
            case StateUpdate.Assign o -> assign(in[1], out[0]);
            case StateUpdate.WriteSlice o -> writeSlice(o, in, out[0]);
            case StateUpdate.AdamWStep o -> adamW(o, in, out);
        }
    }

    /** An input as dense floats that writing the outputs does not change. */
    private static Dense stable(Operand x, Operand... out) {
        for (Operand o : out) {
            if (x.storage() == o.storage()) {
                return Dense.copyOf(x);
            }
        }
        return Dense.of(x);
    }

    private static void assign(Operand value, Operand out) {
        if (out.size() == 0) {
            return;
        }
        Dense from = stable(value, out);
        System.arraycopy(from.data(), from.offset(), out.heap().floats(), out.layout().offset(), out.size());
        from.release();
    }

    private static void writeSlice(StateUpdate.WriteSlice op, Operand[] in, Operand out) {
        Shape shape = out.shape();
        int axis = op.axis();
        int length = in[1].shape().dim(axis);
        int start = IdCheck.start(op.name(), in[2], length, shape.dim(axis));
        Dense update = stable(in[1], out);
        if (in[0].storage() != out.storage()) {
            assign(in[0], out);
        }
        int outer = in[1].size() == 0 ? 0 : shape.sub(0, axis).size();
        int inner = shape.sub(axis + 1, shape.rank()).size();
        float[] to = out.heap().floats();
        for (int o = 0; o < outer; o++) {
            System.arraycopy(update.data(), update.offset() + o * length * inner, to,
                    out.layout().offset() + (o * shape.dim(axis) + start) * inner, length * inner);
        }
        update.release();
    }

    private static void adamW(StateUpdate.AdamWStep op, Operand[] in, Operand[] out) {
        int n = op.parameters();
        double rate = value(in[in.length - 3]);
        double step = value(in[in.length - 2]);
        float scale = value(in[in.length - 1]);
        // Neither 0 nor NaN: else there is no step.
        boolean moves = Math.abs(scale) > 0;
        Dense[] grads = new Dense[n];
        for (int k = 0; moves && k < n; k++) {
            grads[k] = stable(in[op.states() + k], out);
        }
        for (int i = 0; i < op.states(); i++) {
            if (in[i].storage() != out[i].storage() || in[i].layout().offset() != out[i].layout().offset()
                    || !in[i].layout().isDense()) {
                assign(in[i], out[i]);
            }
        }
        if (!moves) {
            return;
        }
        // All parameters' parts in one list: most models have many small parameters beside a few large ones.
        int[] firstPart = new int[n + 1];
        AdamW[] states = new AdamW[n];
        for (int k = 0; k < n; k++) {
            states[k] = new AdamW(out[3 * k], out[3 * k + 1], out[3 * k + 2], op, rate, step, scale);
            firstPart[k + 1] = firstPart[k] + (out[3 * k].size() + ADAM_PART - 1) / ADAM_PART;
        }
        int[] owner = new int[firstPart[n]];
        for (int k = 0; k < n; k++) {
            Arrays.fill(owner, firstPart[k], firstPart[k + 1], k);
        }
        Parallel.Part part = i -> {
            int k = owner[i];
            int from = (i - firstPart[k]) * ADAM_PART;
            states[k].run(grads[k].data(), grads[k].offset(), from, Math.min(out[3 * k].size(), from + ADAM_PART));
        };
        if (total(out) <= ADAM_PART) {
            for (int i = 0; i < owner.length; i++) {
                part.run(i);
            }
        } else {
            Parallel.parts(owner.length, part);
        }
        for (Dense grad : grads) {
            grad.release();
        }
    }

    /** Elements of all parameters together. */
    private static long total(Operand[] states) {
        long sum = 0;
        for (int i = 0; i < states.length; i += 3) {
            sum += states[i].size();
        }
        return sum;
    }

    private static float value(Operand scalar) {
        return scalar.heap().floats()[scalar.layout().offset()];
    }

    /**
     * g = grad scale; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
     * p = p - lr decay p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps).
     */
    private static final class AdamW {
        private final float[] p;
        private final float[] m;
        private final float[] v;
        private final int po;
        private final int mo;
        private final int vo;
        private final float beta1;
        private final float beta2;
        private final float rest1;
        private final float rest2;
        private final float eps;
        private final float keep;
        private final float rate;
        private final float correction;
        private final float scale;

        AdamW(Operand p, Operand m, Operand v, StateUpdate.AdamWStep op, double rate, double step, float scale) {
            this.p = p.heap().floats();
            this.m = m.heap().floats();
            this.v = v.heap().floats();
            this.po = p.layout().offset();
            this.mo = m.layout().offset();
            this.vo = v.layout().offset();
            this.beta1 = (float) op.beta1();
            this.beta2 = (float) op.beta2();
            this.rest1 = (float) (1 - op.beta1());
            this.rest2 = (float) (1 - op.beta2());
            this.eps = (float) op.eps();
            this.keep = (float) (1 - rate * op.weightDecay());
            this.rate = (float) (rate / (1 - StrictMath.pow(op.beta1(), step)));
            this.correction = (float) (1 / (1 - StrictMath.pow(op.beta2(), step)));
            this.scale = scale;
        }

        void run(float[] grad, int go, int from, int to) {
            if (po == 0 && mo == 0 && vo == 0 && go == 0) {
                aligned(p, m, v, grad, from, to);
                return;
            }
            for (int i = from; i < to; i++) {
                float g = grad[go + i] * scale;
                float m1 = beta1 * m[mo + i] + rest1 * g;
                float v1 = beta2 * v[vo + i] + rest2 * (g * g);
                m[mo + i] = m1;
                v[vo + i] = v1;
                p[po + i] = p[po + i] * keep - rate * m1 / ((float) Math.sqrt(v1 * correction) + eps);
            }
        }

        /** The same with one index for all arrays, which the compiler turns into vector code. */
        private void aligned(float[] p, float[] m, float[] v, float[] grad, int from, int to) {
            float b1 = beta1;
            float b2 = beta2;
            float r1 = rest1;
            float r2 = rest2;
            float e = eps;
            float k = keep;
            float lr = rate;
            float c = correction;
            float s = scale;
            for (int i = from; i < to; i++) {
                float g = grad[i] * s;
                float m1 = b1 * m[i] + r1 * g;
                float v1 = b2 * v[i] + r2 * (g * g);
                m[i] = m1;
                v[i] = v1;
                p[i] = p[i] * k - lr * m1 / ((float) Math.sqrt(v1 * c) + e);
            }
        }
    }
}
