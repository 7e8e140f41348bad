package dev.ricci.tensor.reference;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

final class ReferenceAttention {
    private ReferenceAttention() {
    }

    static void run(AttentionOp op, Operand[] in, Operand[] out) {
        switch (op) {
            case AttentionOp.Attention o ->
                    forward(new Scores(in, 0, o.scale(), o.causal(), o.window()), out);
            case AttentionOp.AttentionBackward o ->
                    backward(new Scores(in, 3, o.scale(), o.causal(), o.window()), in, out);
            case AttentionOp.Rotary o -> rotary(o, in, out[0]);
        }
    }

    /** The inputs q, k, v and mask as arrays, and the scores of one query at a time. */
    private static final class Scores {
        final int heads;
        final int groups;
        final int queries;
        final int keys;
        final int d;
        final int e;
        final double[] q;
        final double[] k;
        final double[] v;
        final double scale;
        private final boolean causal;
        private final int window;
        private final Operand mask;
        private final double[] added;

        Scores(Operand[] in, int first, double scale, boolean causal, int window) {
            Shape qs = in[first].shape();
            Shape vs = in[first + 2].shape();
            this.heads = qs.dim(1);
            this.groups = vs.dim(1);
            this.queries = qs.dim(2);
            this.keys = vs.dim(2);
            this.d = qs.dim(3);
            this.e = vs.dim(3);
            this.q = Dense.doubles(in[first]);
            this.k = Dense.doubles(in[first + 1]);
            this.v = Dense.doubles(in[first + 2]);
            this.scale = scale;
            this.causal = causal;
            this.window = window;
            this.mask = in.length > first + 3 ? in[first + 3] : null;
            this.added = new double[keys];
        }

        /** The key-value head, counted over the batch, of a query head. */
        int group(int b, int h) {
            return b * groups + h / (heads / groups);
        }

        /** The scores of query t of a head against all keys into {@code s}: -infinity where it does not look. */
        void row(int b, int h, int t, double[] s) {
            int query = ((b * heads + h) * queries + t) * d;
            readMask(b, h, t);
            for (int j = 0; j < keys; j++) {
                int distance = t + keys - queries - j;
                boolean seen = added[j] != Double.NEGATIVE_INFINITY && (!causal || distance >= 0)
                        && (window == 0 || Math.abs(distance) < window);
                s[j] = Double.NEGATIVE_INFINITY;
                if (seen) {
                    double dot = 0;
                    for (int i = 0; i < d; i++) {
                        dot += q[query + i] * k[(group(b, h) * keys + j) * d + i];
                    }
                    s[j] = scale * dot + added[j];
                }
            }
        }

        /** What the mask adds to the scores of one query: a row of it, because an expanded mask may be huge. */
        private void readMask(int b, int h, int t) {
            if (mask == null || keys == 0) {
                return;
            }
            int[] origin = {b, h, t, 0};
            double[] row = Dense.doubles(new Operand(mask.storage(),
                    mask.layout().slice(origin, new int[] {1, 1, 1, keys}, new int[] {1, 1, 1, 1})));
            for (int j = 0; j < keys; j++) {
                added[j] = mask.dtype() != DType.BOOL ? row[j] : row[j] != 0 ? 0 : Double.NEGATIVE_INFINITY;
            }
        }
    }

    private static void forward(Scores x, Operand[] out) {
        double[] y = new double[out[0].size()];
        double[] lse = new double[out[1].size()];
        double[] s = new double[x.keys];
        for (int r = 0; r < lse.length; r++) {
            int b = r / x.queries / x.heads;
            int h = r / x.queries % x.heads;
            x.row(b, h, r % x.queries, s);
            double max = Double.NEGATIVE_INFINITY;
            for (double score : s) {
                max = Math.max(max, score);
            }
            lse[r] = max;
            if (max == Double.NEGATIVE_INFINITY) {
                continue;
            }
            double sum = 0;
            for (double score : s) {
                sum += StrictMath.exp(score - max);
            }
            lse[r] = max + StrictMath.log(sum);
            for (int j = 0; j < s.length; j++) {
                if (s[j] == Double.NEGATIVE_INFINITY) {
                    continue; // so that a NaN among values that are not seen stays out
                }
                double p = StrictMath.exp(s[j] - max) / sum;
                for (int i = 0; i < x.e; i++) {
                    y[r * x.e + i] += p * x.v[(x.group(b, h) * x.keys + j) * x.e + i];
                }
            }
        }
        Dense.write(out[0], y);
        Dense.write(out[1], lse);
    }

    /**
     * With p = exp(score - lse): dv = sum of p grad; dp = grad v; ds = p (dp - grad out); dq = scale sum of ds k;
     * dk = scale sum of ds q.
     */
    private static void backward(Scores x, Operand[] in, Operand[] out) {
        double[] grad = Dense.doubles(in[0]);
        double[] y = Dense.doubles(in[1]);
        double[] lse = Dense.doubles(in[2]);
        double[] dq = new double[x.q.length];
        double[] dk = new double[x.k.length];
        double[] dv = new double[x.v.length];
        double[] s = new double[x.keys];
        for (int r = 0; r < lse.length; r++) {
            int b = r / x.queries / x.heads;
            int h = r / x.queries % x.heads;
            x.row(b, h, r % x.queries, s);
            double gy = 0;
            for (int i = 0; i < x.e; i++) {
                gy += grad[r * x.e + i] * y[r * x.e + i];
            }
            for (int j = 0; j < s.length; j++) {
                if (s[j] == Double.NEGATIVE_INFINITY) {
                    continue;
                }
                int key = x.group(b, h) * x.keys + j;
                double p = StrictMath.exp(s[j] - lse[r]);
                double dp = 0;
                for (int i = 0; i < x.e; i++) {
                    dv[key * x.e + i] += p * grad[r * x.e + i];
                    dp += grad[r * x.e + i] * x.v[key * x.e + i];
                }
                double ds = p * (dp - gy) * x.scale;
                for (int i = 0; i < x.d; i++) {
                    dq[r * x.d + i] += ds * x.k[key * x.d + i];
                    dk[key * x.d + i] += ds * x.q[r * x.d + i];
                }
            }
        }
        Dense.write(out[0], dq);
        Dense.write(out[1], dk);
        Dense.write(out[2], dv);
    }

    private static void rotary(AttentionOp.Rotary op, Operand[] in, Operand out) {
        Shape shape = in[0].shape();
        int half = in[2].shape().dim(1);
        int[] positions = IdCheck.read(op.name(), "positions", in[1], in[2].shape().dim(0));
        double[] x = Dense.doubles(in[0]);
        double[] cos = Dense.doubles(in[2]);
        double[] sin = Dense.doubles(in[3]);
        int d = shape.dim(-1);
        int t = shape.dim(-2);
        int vectors = d == 0 ? 0 : x.length / d;
        for (int r = 0; r < vectors; r++) {
            // Positions [B, T] change along the first axis of x and its last but one; [T] along the latter alone.
            int batch = in[1].shape().rank() == 2 ? r / (vectors / shape.dim(0)) : 0;
            int row = positions[batch * t + r % t] * half;
            for (int i = 0; i < half; i++) {
                int a = r * d + (op.interleaved() ? 2 * i : i);
                int b = op.interleaved() ? a + 1 : a + half;
                double s = op.inverse() ? -sin[row + i] : sin[row + i];
                double u = x[a];
                double w = x[b];
                x[a] = u * cos[row + i] - w * s;
                x[b] = u * s + w * cos[row + i];
            }
        }
        Dense.write(out, x);
    }
}
