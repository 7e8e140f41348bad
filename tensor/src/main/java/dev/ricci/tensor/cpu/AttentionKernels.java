package dev.ricci.tensor.cpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;

/** Attention, its gradient, and rotary position embedding. */
final class AttentionKernels {
    /** Multiply-adds in the time of one elementary operation. */
    private static final int SPEED = 16;
    /** Queries in a block when there are few blocks: whole panels of any micro kernel. */
    private static final int MIN_QUERIES = 64;
    /** Blocks enough to keep threads busy to the end. */
    private static final int MIN_BLOCKS = 16;
    private static final int ROTARY_WORK = 2;

    private final Rows rows;
    private final MicroKernel micro;

    AttentionKernels(Rows rows, MicroKernel micro) {
        this.rows = rows;
        this.micro = micro;
    }

    void run(AttentionOp op, Operand[] in, Operand[] out) {
        switch (op) {
            case AttentionOp.Attention o ->
                    forward(new AttentionInputs(in, 0, o.scale(), o.causal(), o.window()), out);
            case AttentionOp.AttentionBackward o ->
                    backward(new AttentionInputs(in, 3, o.scale(), o.causal(), o.window()), in, out);
            case AttentionOp.Rotary o -> rotary(o, in, out[0]);
        }
    }

    private void forward(AttentionInputs x, Operand[] out) {
        int all = x.queries * x.shared;
        int heads = x.batch * x.groups;
        if (all == 0) {
            return;
        }
        if (all <= AttentionDecode.QUERIES) {
            Parallel.ranges(heads, (long) all * x.keys * (x.d + x.e) / SPEED, (from, to) -> {
                AttentionDecode task = new AttentionDecode(rows, micro, x, out);
                for (int i = from; i < to; i++) {
                    task.run(i / x.groups, i % x.groups);
                }
                task.release();
            });
            return;
        }
        int size = AttentionForward.QUERIES;
        while (size > MIN_QUERIES && heads * ((all + size - 1) / size) < MIN_BLOCKS) {
            size /= 2;
        }
        forward(x, out, heads, all, size);
    }

    /** In blocks of queries. Their size does not decide bits. */
    private void forward(AttentionInputs x, Operand[] out, int heads, int all, int size) {
        int blocks = (all + size - 1) / size;
        long work = (long) Math.min(all, size) * x.keys * (x.d + x.e) / SPEED;
        Parallel.ranges(heads * blocks, work, (from, to) -> {
            AttentionForward task = new AttentionForward(rows, micro, x, out);
            for (int i = from; i < to; i++) {
                // The last block of a causal head is the longest: it goes first.
                int start = (blocks - 1 - i / heads) * size;
                task.run(i % heads / x.groups, i % x.groups, start, Math.min(all, start + size));
            }
            task.release();
        });
    }

    private void backward(AttentionInputs x, Operand[] in, Operand[] out) {
        Dense lse = Dense.of(in[2]);
        long work = (long) x.shared * x.queries * x.keys * (x.d + x.e) * 2 / SPEED;
        Parallel.ranges(x.batch * x.groups, work, (from, to) -> {
            AttentionBackward task = new AttentionBackward(rows, micro, x, in[0], in[1], lse, out);
            for (int i = from; i < to; i++) {
                task.run(i / x.groups, i % x.groups);
            }
            task.release();
        });
        lse.release();
    }

    /** Each row of x is copied, then its first R components are rotated in pairs by the angles of its position. */
    private void rotary(AttentionOp.Rotary op, Operand[] in, Operand out) {
        int half = in[2].shape().dim(1);
        int[] positions = IdCheck.read(op.name(), "positions", in[1], in[2].shape().dim(0));
        if (out.size() == 0) {
            return;
        }
        int rank = out.shape().rank();
        int d = out.shape().dim(rank - 1);
        int t = out.shape().dim(rank - 2);
        int vectors = out.size() / d;
        int perBatch = in[1].shape().rank() == 2 ? vectors / out.shape().dim(0) : vectors;
        boolean direct = in[0].layout().stride(rank - 1) == 1;
        Dense x = direct ? null : Dense.of(in[0]);
        float[] from = direct ? in[0].heap().floats() : x.data();
        Layout layout = in[0].layout();
        Dense cos = Dense.of(in[2]);
        Dense sin = Dense.of(in[3]);
        float[] y = out.heap().floats();
        Parallel.ranges(vectors, (long) ROTARY_WORK * d, (first, end) -> {
            for (int r = first; r < end; r++) {
                int angle = positions[r / perBatch * t + r % t] * half;
                int at = direct ? Dense.rowOffset(layout, r) : x.offset() + r * d;
                int to = out.layout().offset() + r * d;
                System.arraycopy(from, at + 2 * half, y, to + 2 * half, d - 2 * half);
                rotate(from, at, y, to, half, op.interleaved(), op.inverse() ? -1 : 1, cos.data(),
                        cos.offset() + angle, sin.data(), sin.offset() + angle);
            }
        });
        sin.release();
        cos.release();
        if (!direct) {
            x.release();
        }
    }

    private static void rotate(float[] x, int xo, float[] y, int yo, int half, boolean interleaved, float sign,
            float[] cos, int co, float[] sin, int so) {
        int step = interleaved ? 2 : 1;
        int partner = interleaved ? 1 : half;
        for (int i = 0; i < half; i++) {
            float c = cos[co + i];
            float s = sin[so + i] * sign;
            float u = x[xo + i * step];
            float w = x[xo + i * step + partner];
            y[yo + i * step] = u * c - w * s;
            y[yo + i * step + partner] = u * s + w * c;
        }
    }
}
