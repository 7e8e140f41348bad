package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.cpu.rows.Elementary;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

/**
 * Reductions of F32. Neighbouring axes that all go or all stay are one axis, so that what is left is a row of steps
 * that each take the middle axis out of [outer, n, inner]. Long axes are cut at fixed places and the parts combined in
 * order: the order of additions depends on the shape alone.
 */
final class ReductionKernels {
    /** Elements of a row that are summed in one go. */
    private static final int ROW_PART = 1 << 14;
    /** Rows that are added up in one go when columns are reduced. */
    private static final int COLUMN_PART = 128;
    /** Columns that are handled at a time, so that their running values stay in the first-level cache. */
    private static final int COLUMNS = 4096;

    private final Rows rows;

    ReductionKernels(Rows rows) {
        this.rows = rows;
    }

    void run(Reduction op, Operand[] in, Operand[] out) {
        if (in[0].dtype() != DType.F32) {
            CpuBackend.reference(op, in, out);
            return;
        }
        Operand x = Copies.dense(in[0]);
        switch (op) {
            case Reduction.Reduce o -> reduce(o.kind(), o.axes(), x, out[0]);
            case Reduction.ArgReduce o -> ArgKernels.run(rows, o, x, out[0]);
            case Reduction.CumSum o -> cumSum(o, x, out[0]);
        }
    }

    private void reduce(ReduceKind kind, Ints axes, Operand x, Operand out) {
        float[] to = out.heap().floats();
        int oo = out.layout().offset();
        int rank = x.shape().rank();
        int count = 1;
        for (int i = 0; i < axes.size(); i++) {
            count *= x.shape().dim(axes.at(i));
        }
        float[] from = x.heap().floats();
        int xo = x.layout().offset();
        ReduceKind step = kind == ReduceKind.MEAN ? ReduceKind.SUM : kind;
        if (out.size() == 0) {
            return;
        }
        if (count == 0) {
            Arrays.fill(to, oo, oo + out.size(), ofNothing(kind));
            return;
        }
        // The last group of axes first: what is left then is smaller by a factor.
        int inner = 1;
        int end = rank;
        int left = x.size();
        while (end > 0) {
            boolean goes = axes.contains(end - 1);
            int n = 1;
            while (end > 0 && axes.contains(end - 1) == goes) {
                n *= x.shape().dim(--end);
            }
            if (!goes) {
                inner *= n;
            } else if (n > 1) {
                int outer = left / n / inner;
                float[] target = left / n == out.size() ? to : new float[left / n];
                int targetOffset = target == to ? oo : 0;
                middle(step, from, xo, outer, n, inner, target, targetOffset);
                step = ofParts(step);
                from = target;
                xo = targetOffset;
                left /= n;
            }
        }
        if (from != to && step == ReduceKind.SUM_SQUARES) {
            rows.binary(BinaryKind.MUL, from, xo, from, xo, to, oo, out.size());
        } else if (from != to) {
            System.arraycopy(from, xo, to, oo, out.size());
        }
        if (kind == ReduceKind.MEAN) {
            float divisor = count;
            for (int i = 0; i < out.size(); i++) {
                to[oo + i] /= divisor;
            }
        }
    }

    private static float ofNothing(ReduceKind kind) {
        return switch (kind) {
            case SUM, SUM_SQUARES -> 0;
            case PROD -> 1;
            case MEAN -> Float.NaN;
            case MAX, LOG_SUM_EXP -> Float.NEGATIVE_INFINITY;
            case MIN -> Float.POSITIVE_INFINITY;
            case ANY, ALL -> throw new IllegalArgumentException(kind.opName());
        };
    }

    /** What makes one result of results over parts. */
    private static ReduceKind ofParts(ReduceKind kind) {
        return kind == ReduceKind.SUM_SQUARES ? ReduceKind.SUM : kind;
    }

    /** [outer, n, inner] to [outer, inner], n of 2 or more. */
    private void middle(ReduceKind kind, float[] x, int xo, int outer, int n, int inner, float[] out, int oo) {
        if (inner == 1) {
            rows(kind, x, xo, outer, n, out, oo);
        } else {
            columns(kind, x, xo, outer, n, inner, out, oo);
        }
    }

    private void rows(ReduceKind kind, float[] x, int xo, int outer, int n, float[] out, int oo) {
        int parts = (n + ROW_PART - 1) / ROW_PART;
        // In fourths of an elementary operation, as sums read at the pace of memory.
        int work = kind == ReduceKind.LOG_SUM_EXP ? 4 : 1;
        if (parts == 1) {
            Parallel.ranges(outer, (long) n * work / 4, (from, to) -> {
                for (int o = from; o < to; o++) {
                    out[oo + o] = row(kind, x, xo + o * n, n);
                }
            });
            return;
        }
        float[] partial = new float[outer * parts];
        Parallel.ranges(partial.length, (long) ROW_PART * work / 4, (from, to) -> {
            for (int i = from; i < to; i++) {
                int start = i % parts * ROW_PART;
                partial[i] = row(kind, x, xo + i / parts * n + start, Math.min(ROW_PART, n - start));
            }
        });
        rows(ofParts(kind), partial, 0, outer, parts, out, oo);
    }

    private float row(ReduceKind kind, float[] x, int xo, int n) {
        return switch (kind) {
            case SUM -> rows.sum(x, xo, n);
            case SUM_SQUARES -> rows.dot(x, xo, x, xo, n);
            case MAX -> rows.max(x, xo, n);
            case MIN -> rows.min(x, xo, n);
            case PROD -> product(x, xo, n);
            case LOG_SUM_EXP -> {
                float max = rows.max(x, xo, n);
                // An infinite or NaN maximum is the answer; subtracting it from itself would make NaN.
                yield Math.abs(max) <= Float.MAX_VALUE
                        ? max + Elementary.log(rows.sumExpShifted(x, xo, max, n)) : max;
            }
            case MEAN, ANY, ALL -> throw new IllegalArgumentException(kind.opName());
        };
    }

    private static float product(float[] x, int xo, int n) {
        double p = 1;
        for (int i = 0; i < n; i++) {
            p *= x[xo + i];
        }
        return (float) p;
    }

    private void columns(ReduceKind kind, float[] x, int xo, int outer, int n, int inner, float[] out, int oo) {
        if (n > COLUMN_PART) {
            int parts = (n + COLUMN_PART - 1) / COLUMN_PART;
            float[] partial = new float[Math.multiplyExact(outer * parts, inner)];
            int blocks = (inner + COLUMNS - 1) / COLUMNS;
            Parallel.ranges(outer * parts * blocks, (long) COLUMN_PART * Math.min(inner, COLUMNS) / 4, (from, to) -> {
                for (int i = from; i < to; i++) {
                    int part = i / blocks;
                    int start = part % parts * COLUMN_PART;
                    int c = i % blocks * COLUMNS;
                    column(kind, x, xo + (part / parts * n + start) * inner + c, Math.min(COLUMN_PART, n - start),
                            inner, Math.min(COLUMNS, inner - c), partial, part * inner + c);
                }
            });
            columns(ofParts(kind), partial, 0, outer, parts, inner, out, oo);
            return;
        }
        int blocks = (inner + COLUMNS - 1) / COLUMNS;
        Parallel.ranges(outer * blocks, (long) n * Math.min(inner, COLUMNS) / 4, (from, to) -> {
            for (int i = from; i < to; i++) {
                int o = i / blocks;
                int c = i % blocks * COLUMNS;
                column(kind, x, xo + o * n * inner + c, n, inner, Math.min(COLUMNS, inner - c), out,
                        oo + o * inner + c);
            }
        });
    }

    /** n rows of m columns, {@code stride} apart, to one row. */
    private void column(ReduceKind kind, float[] x, int xo, int n, int stride, int m, float[] out, int oo) {
        System.arraycopy(x, xo, out, oo, m);
        switch (kind) {
            case SUM -> {
                for (int i = 1; i < n; i++) {
                    rows.add(x, xo + i * stride, out, oo, m);
                }
            }
            case SUM_SQUARES -> sumSquares(x, xo, n, stride, m, out, oo);
            case PROD -> {
                for (int i = 1; i < n; i++) {
                    multiply(x, xo + i * stride, out, oo, m);
                }
            }
            case MAX -> maxima(x, xo, n, stride, m, out, oo);
            case MIN -> {
                for (int i = 1; i < n; i++) {
                    minimum(x, xo + i * stride, out, oo, m);
                }
            }
            case LOG_SUM_EXP -> {
                maxima(x, xo, n, stride, m, out, oo);
                logSumExp(x, xo, n, stride, m, out, oo);
            }
            case MEAN, ANY, ALL -> throw new IllegalArgumentException(kind.opName());
        }
    }

    private void sumSquares(float[] x, int xo, int n, int stride, int m, float[] out, int oo) {
        float[] term = new float[m];
        rows.fill(0, out, oo, m);
        for (int i = 0; i < n; i++) {
            int at = xo + i * stride;
            rows.binary(BinaryKind.MUL, x, at, x, at, term, 0, m);
            rows.add(term, 0, out, oo, m);
        }
    }

    /** {@code out} holds the maxima. */
    private void logSumExp(float[] x, int xo, int n, int stride, int m, float[] out, int oo) {
        float[] shift = new float[m];
        float[] term = new float[m];
        float[] sum = new float[m];
        for (int j = 0; j < m; j++) {
            float max = out[oo + j];
            shift[j] = Math.abs(max) <= Float.MAX_VALUE ? max : 0;
        }
        for (int i = 0; i < n; i++) {
            rows.binary(BinaryKind.SUB, x, xo + i * stride, shift, 0, term, 0, m);
            rows.unary(UnaryKind.EXP, term, 0, term, 0, m);
            rows.add(term, 0, sum, 0, m);
        }
        for (int j = 0; j < m; j++) {
            float max = out[oo + j];
            out[oo + j] = Math.abs(max) <= Float.MAX_VALUE ? max + Elementary.log(sum[j]) : max;
        }
    }

    private static void maxima(float[] x, int xo, int n, int stride, int m, float[] out, int oo) {
        for (int i = 1; i < n; i++) {
            maximum(x, xo + i * stride, out, oo, m);
        }
    }

    private static void maximum(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.max(out[oo + i], x[xo + i]);
        }
    }

    private static void minimum(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] = Math.min(out[oo + i], x[xo + i]);
        }
    }

    private static void multiply(float[] x, int xo, float[] out, int oo, int n) {
        for (int i = 0; i < n; i++) {
            out[oo + i] *= x[xo + i];
        }
    }

    /** Running sums are kept in double: in float their error would grow along the axis. */
    private static void cumSum(Reduction.CumSum op, Operand x, Operand out) {
        int n = x.shape().dim(op.axis());
        if (x.size() == 0) {
            return;
        }
        int inner = x.shape().sub(op.axis() + 1, x.shape().rank()).size();
        int lanes = x.size() / n;
        float[] from = x.heap().floats();
        float[] to = out.heap().floats();
        int xo = x.layout().offset();
        int oo = out.layout().offset();
        int step = op.reverse() ? -inner : inner;
        Parallel.ranges(lanes, 2L * n, (start, end) -> {
            for (int lane = start; lane < end; lane++) {
                int i = lane / inner * n * inner + lane % inner + (op.reverse() ? (n - 1) * inner : 0);
                double sum = 0;
                for (int k = 0; k < n; k++, i += step) {
                    sum += from[xo + i];
                    to[oo + i] = (float) sum;
                }
            }
        });
    }
}
