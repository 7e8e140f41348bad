package dev.ricci.gpu.probe;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The F32 kernels. All buffers lie in one arena; a kernel finds its dimensions and offsets in {@code cfg}, so one compilation serves every shape.
 */
final class Kernels {
    private Kernels() {
    }

    /** Work-items of a group in every kernel here. */
    static final int LOCAL = 256;

    /** Writes {@link Gpu#valueAt} to {@code cfg = [first, count]}. */
    static void fill(KernelContext context, FloatArray arena, IntArray cfg) {
        int i = context.globalIdx;
        if (i < cfg.get(1)) {
            int h = (i * 0x9E3779B1) & 0x7FFFFFFF;
            h = ((h ^ (h >> 15)) * 0x85EBCA77) & 0x7FFFFFFF;
            h ^= h >> 13;
            arena.set(cfg.get(0) + i, (h & 1023) * (1f / 1024f) - 0.5f);
        }
    }

    /** The smallest useful task: adds one to 256 numbers at {@code cfg[0]}. */
    static void bump(KernelContext context, FloatArray arena, IntArray cfg) {
        int at = cfg.get(0) + context.globalIdx;
        arena.set(at, arena.get(at) + 1f);
    }

    /** Adds {@code input[0]} to 256 numbers at {@code cfg[0]}. */
    static void bumpBy(KernelContext context, FloatArray arena, IntArray cfg, IntArray input) {
        int at = cfg.get(0) + context.globalIdx;
        arena.set(at, arena.get(at) + input.get(0));
    }

    /** Copies 256 numbers at {@code cfg[0]} to a buffer of their own. */
    static void emit(KernelContext context, FloatArray arena, IntArray cfg, FloatArray output) {
        output.set(context.globalIdx, arena.get(cfg.get(0) + context.globalIdx));
    }

    /**
     * Matrix product, row-major, any shape; a group makes a tile of 128 x 128, each item 8 x 8 sums 16 apart, so that neighbours touch neighbouring
     * words of local memory, which is read one word at a time. The next 16 columns of A and rows of B are read into registers while the present ones are multiplied. {@code cfg = [m, n, k, a, b, c]}.
     */
    static void matmul(KernelContext context, FloatArray arena, IntArray cfg) {
        int m = cfg.get(0);
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int ty = tid / 16;
        int tx = tid % 16;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 128;
        int colB = Math.min(col0 + tid % 128, n - 1);
        float[] tileA = context.allocateFloatLocalArray(2 * 16 * 130);
        float[] tileB = context.allocateFloatLocalArray(2 * 16 * 128);
        float[] sum = new float[64];
        float[] left = new float[8];
        float[] right = new float[8];
        float[] nextA = new float[8];
        float[] nextB = new float[8];
        for (int i = 0; i < 64; i++) {
            sum[i] = 0f;
        }
        int buffer = 0;
        for (int k0 = -16; k0 < k; k0 += 16) {
            int ahead = k0 + 16;
            if (ahead < k) {
                for (int i = 0; i < 8; i++) {
                    nextA[i] = 0f;
                    if (ahead + tx < k) {
                        nextA[i] = arena.get(a + Math.min(row0 + ty + 16 * i, m - 1) * k + ahead + tx);
                    }
                }
                for (int i = 0; i < 8; i++) {
                    nextB[i] = arena.get(b + Math.min(ahead + tid / 128 + 2 * i, k - 1) * n + colB);
                }
            }
            if (k0 >= 0) {
                for (int d = 0; d < 16; d++) {
                    for (int i = 0; i < 8; i++) {
                        left[i] = tileA[(buffer * 16 + d) * 130 + ty + 16 * i];
                    }
                    for (int j = 0; j < 8; j++) {
                        right[j] = tileB[(buffer * 16 + d) * 128 + tx + 16 * j];
                    }
                    for (int i = 0; i < 8; i++) {
                        for (int j = 0; j < 8; j++) {
                            sum[i * 8 + j] += left[i] * right[j];
                        }
                    }
                }
            }
            buffer = 1 - buffer;
            if (ahead < k) {
                for (int i = 0; i < 8; i++) {
                    tileA[(buffer * 16 + tx) * 130 + ty + 16 * i] = nextA[i];
                }
                for (int i = 0; i < 8; i++) {
                    tileB[buffer * 2048 + tid + 256 * i] = nextB[i];
                }
            }
            context.localBarrier();
        }
        for (int i = 0; i < 8; i++) {
            int row = row0 + ty + 16 * i;
            if (row < m) {
                for (int j = 0; j < 8; j++) {
                    int col = col0 + tx + 16 * j;
                    if (col < n) {
                        arena.set(c + row * n + col, sum[i * 8 + j]);
                    }
                }
            }
        }
    }

    /** Sum of each row, one work-group a row, in a fixed order. {@code cfg = [rows, columns, in, out]}. */
    static void rowSum(KernelContext context, FloatArray arena, IntArray cfg) {
        int columns = cfg.get(1);
        int row = context.groupIdx;
        int tid = context.localIdx;
        int in = cfg.get(2) + row * columns;
        float[] part = context.allocateFloatLocalArray(256);
        float sum = 0f;
        for (int i = tid; i < columns; i += 256) {
            sum += arena.get(in + i);
        }
        part[tid] = sum;
        for (int half = 128; half > 0; half = half / 2) {
            context.localBarrier();
            if (tid < half) {
                part[tid] += part[tid + half];
            }
        }
        if (tid == 0) {
            arena.set(cfg.get(3) + row, part[0]);
        }
    }

    /** Softmax of each row, one work-group a row: a pass for the maximum, one for the sum, one to write. {@code cfg = [rows, columns, in, out]}. */
    static void softmax(KernelContext context, FloatArray arena, IntArray cfg) {
        int columns = cfg.get(1);
        int row = context.groupIdx;
        int tid = context.localIdx;
        int in = cfg.get(2) + row * columns;
        int out = cfg.get(3) + row * columns;
        float[] part = context.allocateFloatLocalArray(256);
        float max = -1e30f;
        for (int i = tid; i < columns; i += 256) {
            max = TornadoMath.max(max, arena.get(in + i));
        }
        part[tid] = max;
        for (int half = 128; half > 0; half = half / 2) {
            context.localBarrier();
            if (tid < half) {
                part[tid] = TornadoMath.max(part[tid], part[tid + half]);
            }
        }
        context.localBarrier();
        max = part[0];
        context.localBarrier();
        float sum = 0f;
        for (int i = tid; i < columns; i += 256) {
            sum += TornadoMath.exp(arena.get(in + i) - max);
        }
        part[tid] = sum;
        for (int half = 128; half > 0; half = half / 2) {
            context.localBarrier();
            if (tid < half) {
                part[tid] += part[tid + half];
            }
        }
        context.localBarrier();
        float scale = 1f / part[0];
        for (int i = tid; i < columns; i += 256) {
            arena.set(out + i, TornadoMath.exp(arena.get(in + i) - max) * scale);
        }
    }

    /** Copies {@code cfg[1]} numbers, four to an item. */
    static void copyBy4(KernelContext context, FloatArray arena, IntArray cfg) {
        int count = cfg.get(1);
        int in = cfg.get(2);
        int out = cfg.get(3);
        int first = context.groupIdx * 1024 + context.localIdx;
        for (int j = 0; j < 4; j++) {
            int i = first + j * 256;
            if (i < count) {
                arena.set(out + i, arena.get(in + i));
            }
        }
    }

    /** Copies {@code cfg[1]} numbers, one to an item. */
    static void copy(KernelContext context, FloatArray arena, IntArray cfg) {
        int i = context.globalIdx;
        if (i < cfg.get(1)) {
            arena.set(cfg.get(3) + i, arena.get(cfg.get(2) + i));
        }
    }
}
