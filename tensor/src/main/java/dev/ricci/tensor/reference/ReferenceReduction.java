package dev.ricci.tensor.reference;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.reference.Dense.Lanes;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

final class ReferenceReduction {
    private ReferenceReduction() {
    }

    static void run(Reduction op, Operand[] in, Operand[] out) {
        switch (op) {
            case Reduction.Reduce o when Dense.isFloating(in[0]) -> Dense.write(out[0],
                    reduce(o.kind(), Dense.doubles(in[0]), targets(in[0].shape(), o.axes()), out[0].size()));
            case Reduction.Reduce o -> Dense.write(out[0],
                    reduce(o.kind(), Dense.longs(in[0]), targets(in[0].shape(), o.axes()), out[0].size()));
            case Reduction.ArgReduce o -> Dense.write(out[0], extreme(o, in[0]));
            case Reduction.CumSum o -> cumSum(o, in[0], out[0]);
        }
    }

    /** For each element of x the element of the result that it goes into. */
    private static int[] targets(Shape x, Ints axes) {
        int[] strides = new int[x.rank()];
        int step = 1;
        for (int a = x.rank() - 1; a >= 0; a--) {
            if (!axes.contains(a)) {
                strides[a] = step;
                step *= x.dim(a);
            }
        }
        int[] targets = new int[x.size()];
        Dense.forEach(x, (at, n) -> {
            for (int a = 0; a < at.length; a++) {
                targets[n] += at[a] * strides[a];
            }
        });
        return targets;
    }

    private static double[] reduce(ReduceKind kind, double[] x, int[] target, int size) {
        double[] out = new double[size];
        Arrays.fill(out, switch (kind) {
            case SUM, SUM_SQUARES, MEAN -> 0;
            case PROD -> 1;
            case MAX, LOG_SUM_EXP -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
            case ANY, ALL -> throw new IllegalStateException(kind + " of floats");
        });
        for (int n = 0; n < x.length; n++) {
            int t = target[n];
            switch (kind) {
                case SUM, MEAN -> out[t] += x[n];
                case SUM_SQUARES -> out[t] += x[n] * x[n];
                case PROD -> out[t] *= x[n];
                case MAX, LOG_SUM_EXP -> out[t] = Math.max(out[t], x[n]);
                case MIN -> out[t] = Math.min(out[t], x[n]);
                case ANY, ALL -> throw new IllegalStateException(kind + " of floats");
            }
        }
        if (kind == ReduceKind.MEAN) {
            for (int t = 0; t < size; t++) {
                out[t] /= x.length / size;
            }
        }
        return kind == ReduceKind.LOG_SUM_EXP ? logSumExp(x, target, out) : out;
    }

    private static double[] logSumExp(double[] x, int[] target, double[] max) {
        double[] sum = new double[max.length];
        for (int n = 0; n < x.length; n++) {
            sum[target[n]] += StrictMath.exp(x[n] - max[target[n]]);
        }
        for (int t = 0; t < sum.length; t++) {
            // An infinite or NaN maximum is the answer; subtracting it from itself would make NaN.
            sum[t] = Double.isFinite(max[t]) ? max[t] + StrictMath.log(sum[t]) : max[t];
        }
        return sum;
    }

    private static long[] reduce(ReduceKind kind, long[] x, int[] target, int size) {
        long[] out = new long[size];
        Arrays.fill(out, switch (kind) {
            case SUM, ANY -> 0;
            case PROD, ALL -> 1;
            case MAX -> Long.MIN_VALUE;
            case MIN -> Long.MAX_VALUE;
            case SUM_SQUARES, MEAN, LOG_SUM_EXP -> throw new IllegalStateException(kind + " of integers");
        });
        for (int n = 0; n < x.length; n++) {
            int t = target[n];
            switch (kind) {
                case SUM -> out[t] += x[n];
                case PROD -> out[t] *= x[n];
                case MAX -> out[t] = Math.max(out[t], x[n]);
                case MIN -> out[t] = Math.min(out[t], x[n]);
                case ANY -> out[t] |= x[n];
                case ALL -> out[t] &= x[n];
                case SUM_SQUARES, MEAN, LOG_SUM_EXP -> throw new IllegalStateException(kind + " of integers");
            }
        }
        return out;
    }

    private static int[] extreme(Reduction.ArgReduce op, Operand x) {
        Lanes lanes = Lanes.of(x.shape(), op.axis());
        Order order = Order.of(x);
        int[] out = new int[lanes.outer() * lanes.inner()];
        for (int o = 0; o < lanes.outer(); o++) {
            for (int k = 0; k < lanes.inner(); k++) {
                int best = 0;
                for (int i = 1; i < lanes.n(); i++) {
                    int here = lanes.at(o, i, k);
                    int there = lanes.at(o, best, k);
                    if (op.largest() ? order.compare(here, there) > 0
                            : order.isNan(here) ? !order.isNan(there)
                            : !order.isNan(there) && order.compare(here, there) < 0) {
                        best = i;
                    }
                }
                out[o * lanes.inner() + k] = best;
            }
        }
        return out;
    }

    private static void cumSum(Reduction.CumSum op, Operand x, Operand out) {
        Lanes lanes = Lanes.of(x.shape(), op.axis());
        boolean floating = Dense.isFloating(x);
        double[] v = floating ? Dense.doubles(x) : new double[0];
        long[] w = floating ? new long[0] : Dense.longs(x);
        for (int o = 0; o < lanes.outer(); o++) {
            for (int k = 0; k < lanes.inner(); k++) {
                for (int i = 1; i < lanes.n(); i++) {
                    int here = lanes.at(o, op.reverse() ? lanes.n() - 1 - i : i, k);
                    int previous = lanes.at(o, op.reverse() ? lanes.n() - i : i - 1, k);
                    if (floating) {
                        v[here] += v[previous];
                    } else {
                        w[here] += w[previous];
                    }
                }
            }
        }
        if (floating) {
            Dense.write(out, v);
        } else {
            Dense.write(out, w);
        }
    }
}
