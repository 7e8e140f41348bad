package dev.ricci.tensor.cpu.rows;

import java.util.Arrays;

/** Copies parts of matrices into the panels that a {@link MicroKernel} reads. */
public final class PlainPacking {
    /** Depth of one pass over a transposed source: the panel part that it writes stays in the first cache. */
    private static final int DEPTH = 64;

    private PlainPacking() {
    }

    /** See {@link MicroKernel#pack}. */
    public static void panels(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        if (xStride == 1) {
            rows(from, at, kStride, count, k, to, toAt, width);
        } else {
            for (int i = 0; i < count; i += width) {
                for (int p = 0; p < k; p += DEPTH) {
                    transpose(from, at + i * xStride + p * kStride, xStride, kStride, Math.min(width, count - i),
                            Math.min(DEPTH, k - p), to, toAt + i * k + p * width, width);
                }
            }
        }
        int last = count % width;
        for (int p = 0; p < k && last > 0; p++) {
            int row = toAt + (count - last) * k + p * width;
            Arrays.fill(to, row + last, row + width, 0f);
        }
    }

    /** All panels at once: one at a time would read a few numbers from each page, again and again. */
    private static void rows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        for (int p = 0; p < k; p++) {
            for (int i = 0; i < count; i += width) {
                System.arraycopy(from, at + p * kStride + i, to, toAt + i * k + p * width, Math.min(width, count - i));
            }
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
