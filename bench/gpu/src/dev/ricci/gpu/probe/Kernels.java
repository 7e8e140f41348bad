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

    /** Matrix product, tile 64 x 64, depth 16; each item keeps 4 x 4 sums in scalars. {@code cfg = [m, n, k, a, b, c]}, row-major. */
    static void matmul64(KernelContext context, FloatArray arena, IntArray cfg) {
        int m = cfg.get(0);
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int row0 = context.groupIdy * 64;
        int col0 = context.groupIdx * 64;
        int ty = (tid / 16) * 4;
        int tx = (tid % 16) * 4;
        float[] tileA = context.allocateFloatLocalArray(16 * 68);
        float[] tileB = context.allocateFloatLocalArray(16 * 64);
        float s00 = 0f;
        float s01 = 0f;
        float s02 = 0f;
        float s03 = 0f;
        float s10 = 0f;
        float s11 = 0f;
        float s12 = 0f;
        float s13 = 0f;
        float s20 = 0f;
        float s21 = 0f;
        float s22 = 0f;
        float s23 = 0f;
        float s30 = 0f;
        float s31 = 0f;
        float s32 = 0f;
        float s33 = 0f;
        for (int k0 = 0; k0 < k; k0 += 16) {
            for (int i = tid; i < 64 * 16; i += 256) {
                int r = i / 16;
                int d = i % 16;
                int row = Math.min(row0 + r, m - 1);
                float x = 0f;
                if (k0 + d < k) {
                    x = arena.get(a + row * k + k0 + d);
                }
                tileA[d * 68 + r] = x;
            }
            for (int i = tid; i < 16 * 64; i += 256) {
                int d = Math.min(k0 + i / 64, k - 1);
                int col = Math.min(col0 + i % 64, n - 1);
                tileB[i] = arena.get(b + d * n + col);
            }
            context.localBarrier();
            for (int d = 0; d < 16; d++) {
                float a0 = tileA[d * 68 + ty];
                float a1 = tileA[d * 68 + ty + 1];
                float a2 = tileA[d * 68 + ty + 2];
                float a3 = tileA[d * 68 + ty + 3];
                float b0 = tileB[d * 64 + tx];
                float b1 = tileB[d * 64 + tx + 1];
                float b2 = tileB[d * 64 + tx + 2];
                float b3 = tileB[d * 64 + tx + 3];
                s00 += a0 * b0;
                s01 += a0 * b1;
                s02 += a0 * b2;
                s03 += a0 * b3;
                s10 += a1 * b0;
                s11 += a1 * b1;
                s12 += a1 * b2;
                s13 += a1 * b3;
                s20 += a2 * b0;
                s21 += a2 * b1;
                s22 += a2 * b2;
                s23 += a2 * b3;
                s30 += a3 * b0;
                s31 += a3 * b1;
                s32 += a3 * b2;
                s33 += a3 * b3;
            }
            context.localBarrier();
        }
        store4(arena, c, m, n, row0 + ty, col0 + tx, s00, s01, s02, s03);
        store4(arena, c, m, n, row0 + ty + 1, col0 + tx, s10, s11, s12, s13);
        store4(arena, c, m, n, row0 + ty + 2, col0 + tx, s20, s21, s22, s23);
        store4(arena, c, m, n, row0 + ty + 3, col0 + tx, s30, s31, s32, s33);
    }

    private static void store4(FloatArray arena, int c, int m, int n, int row, int col, float v0, float v1, float v2, float v3) {
        if (row < m) {
            int at = c + row * n + col;
            if (col < n) {
                arena.set(at, v0);
            }
            if (col + 1 < n) {
                arena.set(at + 1, v1);
            }
            if (col + 2 < n) {
                arena.set(at + 2, v2);
            }
            if (col + 3 < n) {
                arena.set(at + 3, v3);
            }
        }
    }

    /**
     * Matrix product, tile 128 x 128, depth 16; each item keeps 8 x 8 sums in a private array, as two groups of four rows by two of four columns, 64
     * apart, so that neighbours read neighbouring words of local memory.
     */
    static void matmul128(KernelContext context, FloatArray arena, IntArray cfg) {
        int m = cfg.get(0);
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 128;
        int ty = (tid / 16) * 4;
        int tx = (tid % 16) * 4;
        float[] tileA = context.allocateFloatLocalArray(16 * 132);
        float[] tileB = context.allocateFloatLocalArray(16 * 128);
        float[] sum = new float[64];
        float[] left = new float[8];
        float[] right = new float[8];
        for (int i = 0; i < 64; i++) {
            sum[i] = 0f;
        }
        for (int k0 = 0; k0 < k; k0 += 16) {
            for (int i = tid; i < 128 * 16; i += 256) {
                int r = i / 16;
                int d = i % 16;
                int row = Math.min(row0 + r, m - 1);
                float x = 0f;
                if (k0 + d < k) {
                    x = arena.get(a + row * k + k0 + d);
                }
                tileA[d * 132 + r] = x;
            }
            for (int i = tid; i < 16 * 128; i += 256) {
                int d = Math.min(k0 + i / 128, k - 1);
                int col = Math.min(col0 + i % 128, n - 1);
                tileB[i] = arena.get(b + d * n + col);
            }
            context.localBarrier();
            for (int d = 0; d < 16; d++) {
                for (int i = 0; i < 4; i++) {
                    left[i] = tileA[d * 132 + ty + i];
                    left[i + 4] = tileA[d * 132 + 64 + ty + i];
                    right[i] = tileB[d * 128 + tx + i];
                    right[i + 4] = tileB[d * 128 + 64 + tx + i];
                }
                for (int i = 0; i < 8; i++) {
                    for (int j = 0; j < 8; j++) {
                        sum[i * 8 + j] += left[i] * right[j];
                    }
                }
            }
            context.localBarrier();
        }
        for (int i = 0; i < 8; i++) {
            int row = row0 + ty + (i / 4) * 64 + i % 4;
            if (row < m) {
                for (int j = 0; j < 8; j++) {
                    int col = col0 + tx + (j / 4) * 64 + j % 4;
                    if (col < n) {
                        arena.set(c + row * n + col, sum[i * 8 + j]);
                    }
                }
            }
        }
    }

    /** As {@link #matmul128}, tile 128 x 64, 8 x 4 sums an item: more groups for a small product. */
    static void matmul128x64(KernelContext context, FloatArray arena, IntArray cfg) {
        int m = cfg.get(0);
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 64;
        int ty = (tid / 16) * 4;
        int tx = (tid % 16) * 4;
        float[] tileA = context.allocateFloatLocalArray(16 * 132);
        float[] tileB = context.allocateFloatLocalArray(16 * 64);
        float[] sum = new float[32];
        float[] left = new float[8];
        float[] right = new float[4];
        for (int i = 0; i < 32; i++) {
            sum[i] = 0f;
        }
        for (int k0 = 0; k0 < k; k0 += 16) {
            for (int i = tid; i < 128 * 16; i += 256) {
                int r = i / 16;
                int d = i % 16;
                int row = Math.min(row0 + r, m - 1);
                float x = 0f;
                if (k0 + d < k) {
                    x = arena.get(a + row * k + k0 + d);
                }
                tileA[d * 132 + r] = x;
            }
            for (int i = tid; i < 16 * 64; i += 256) {
                int d = Math.min(k0 + i / 64, k - 1);
                int col = Math.min(col0 + i % 64, n - 1);
                tileB[i] = arena.get(b + d * n + col);
            }
            context.localBarrier();
            for (int d = 0; d < 16; d++) {
                for (int i = 0; i < 4; i++) {
                    left[i] = tileA[d * 132 + ty + i];
                    left[i + 4] = tileA[d * 132 + 64 + ty + i];
                    right[i] = tileB[d * 64 + tx + i];
                }
                for (int i = 0; i < 8; i++) {
                    for (int j = 0; j < 4; j++) {
                        sum[i * 4 + j] += left[i] * right[j];
                    }
                }
            }
            context.localBarrier();
        }
        for (int i = 0; i < 8; i++) {
            int row = row0 + ty + (i / 4) * 64 + i % 4;
            if (row < m) {
                for (int j = 0; j < 4; j++) {
                    int col = col0 + tx + j;
                    if (col < n) {
                        arena.set(c + row * n + col, sum[i * 4 + j]);
                    }
                }
            }
        }
    }

    /** As {@link #matmul128}, tile 128 x 256, 8 x 16 sums an item: fewer loads from local memory for each product. */
    static void matmul128x256(KernelContext context, FloatArray arena, IntArray cfg) {
        int m = cfg.get(0);
        int n = cfg.get(1);
        int k = cfg.get(2);
        int a = cfg.get(3);
        int b = cfg.get(4);
        int c = cfg.get(5);
        int tid = context.localIdx;
        int row0 = context.groupIdy * 128;
        int col0 = context.groupIdx * 256;
        int ty = (tid / 16) * 4;
        int tx = (tid % 16) * 4;
        float[] tileA = context.allocateFloatLocalArray(16 * 132);
        float[] tileB = context.allocateFloatLocalArray(16 * 256);
        float[] sum = new float[128];
        float[] left = new float[8];
        float[] right = new float[16];
        for (int i = 0; i < 128; i++) {
            sum[i] = 0f;
        }
        for (int k0 = 0; k0 < k; k0 += 16) {
            for (int i = tid; i < 128 * 16; i += 256) {
                int r = i / 16;
                int d = i % 16;
                int row = Math.min(row0 + r, m - 1);
                float x = 0f;
                if (k0 + d < k) {
                    x = arena.get(a + row * k + k0 + d);
                }
                tileA[d * 132 + r] = x;
            }
            for (int i = tid; i < 16 * 256; i += 256) {
                int d = Math.min(k0 + i / 256, k - 1);
                int col = Math.min(col0 + i % 256, n - 1);
                tileB[i] = arena.get(b + d * n + col);
            }
            context.localBarrier();
            for (int d = 0; d < 16; d++) {
                for (int i = 0; i < 4; i++) {
                    left[i] = tileA[d * 132 + ty + i];
                    left[i + 4] = tileA[d * 132 + 64 + ty + i];
                    right[i] = tileB[d * 256 + tx + i];
                    right[i + 4] = tileB[d * 256 + 64 + tx + i];
                    right[i + 8] = tileB[d * 256 + 128 + tx + i];
                    right[i + 12] = tileB[d * 256 + 192 + tx + i];
                }
                for (int i = 0; i < 8; i++) {
                    for (int j = 0; j < 16; j++) {
                        sum[i * 16 + j] += left[i] * right[j];
                    }
                }
            }
            context.localBarrier();
        }
        for (int i = 0; i < 8; i++) {
            int row = row0 + ty + (i / 4) * 64 + i % 4;
            if (row < m) {
                for (int j = 0; j < 16; j++) {
                    int col = col0 + tx + (j / 4) * 64 + j % 4;
                    if (col < n) {
                        arena.set(c + row * n + col, sum[i * 16 + j]);
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

    /** Copies {@code cfg[1]} numbers: what a memory-bound kernel can reach at most. */
    static void copy(KernelContext context, FloatArray arena, IntArray cfg) {
        int i = context.globalIdx;
        if (i < cfg.get(1)) {
            arena.set(cfg.get(3) + i, arena.get(cfg.get(2) + i));
        }
    }
}
