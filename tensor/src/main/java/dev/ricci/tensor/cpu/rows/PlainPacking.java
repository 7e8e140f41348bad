package dev.ricci.tensor.cpu.rows;

import java.util.Arrays;

/** Copies parts of matrices into the panels that a {@link MicroKernel} reads. */
public final class PlainPacking {
    /** Depth of one pass over a transposed source: the panel part that it writes stays in the first cache. */
    private static final int DEPTH = 64;

    private PlainPacking() {
    }

    /** See {@link MicroKernel#pack}. */
    public static void panel(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        if (xStride == 1) {
            rows(from, at, kStride, count, k, to, toAt, width);
        } else {
            for (int p = 0; p < k; p += DEPTH) {
                transpose(from, at + p * kStride, xStride, kStride, count, Math.min(DEPTH, k - p), to,
                        toAt + p * width, width);
            }
        }
        if (count < width) {
            for (int p = 0; p < k; p++) {
                Arrays.fill(to, toAt + p * width + count, toAt + (p + 1) * width, 0f);
            }
        }
    }

    private static void rows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        for (int p = 0; p < k; p++) {
            System.arraycopy(from, at + p * kStride, to, toAt + p * width, count);
        }
    }

    private static void transpose(float[] from, int at, int xStride, int kStride, int count, int k, float[] to,
            int toAt, int width) {
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            four(from, at + i * xStride, xStride, kStride, k, to, toAt + i, width);
        }
        for (; i < count; i++) {
            int s = at + i * xStride;
            int d = toAt + i;
            for (int p = 0; p < k; p++) {
                to[d + p * width] = from[s + p * kStride];
            }
        }
    }

    private static void four(float[] from, int at, int xStride, int kStride, int k, float[] to, int toAt, int width) {
        int at1 = at + xStride;
        int at2 = at1 + xStride;
        int at3 = at2 + xStride;
        for (int p = 0; p < k; p++) {
            int s = p * kStride;
            int d = toAt + p * width;
            to[d] = from[at + s];
            to[d + 1] = from[at1 + s];
            to[d + 2] = from[at2 + s];
            to[d + 3] = from[at3 + s];
        }
    }
}
