package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static dev.ricci.tensor.cpu.vector.Lanes.N;

import dev.ricci.tensor.cpu.rows.PlainPacking;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@link PlainPacking} on vectors: whole vectors are copied where a source's rows are a panel's rows, and squares of
 * vectors are transposed where its rows are a panel's columns.
 */
final class VectorPacking {
    /** Depth of one pass over the columns of a source: the panel part that it writes stays in the first cache. */
    private static final int DEPTH = 64;

    private VectorPacking() {
    }

    static void panels(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        if (xStride == 1) {
            rows(from, at, kStride, count, k, to, toAt, width);
            return;
        }
        boolean whole = kStride == 1 && (width < N || width % N == 0);
        for (int i = 0; i < count; i += width) {
            int n = Math.min(width, count - i);
            if (whole) {
                columns(from, at + i * xStride, xStride, n, k, to, toAt + i * k, width);
            } else {
                PlainPacking.panels(from, at + i * xStride, xStride, kStride, n, k, to, toAt + i * k, width);
            }
        }
    }

    /** All whole panels at once: one at a time would read a few numbers from each page, again and again. */
    private static void rows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        int whole = width == 2 * N || width <= N ? count / width * width : 0;
        if (width == 2 * N) {
            pairs(from, at, kStride, whole, k, to, toAt);
        } else {
            singles(from, at, kStride, whole, k, to, toAt, width);
        }
        for (int i = whole; i < count; i += width) {
            partOfRows(from, at + i, kStride, Math.min(width, count - i), k, to, toAt + i * k, width);
        }
    }

    /** Panels of two vectors. */
    private static void pairs(float[] from, int at, int kStride, int count, int k, float[] to, int toAt) {
        for (int p = 0; p < k; p++) {
            int source = at + p * kStride;
            int target = toAt + p * 2 * N;
            for (int i = 0; i < count; i += 2 * N) {
                FloatVector l = FloatVector.fromArray(F, from, source + i);
                FloatVector r = FloatVector.fromArray(F, from, source + i + N);
                l.intoArray(to, target + i * k);
                r.intoArray(to, target + i * k + N);
            }
        }
    }

    /** Panels of a vector or less. */
    private static void singles(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        VectorMask<Float> lanes = F.indexInRange(0, width);
        for (int p = 0; p < k; p++) {
            int source = at + p * kStride;
            int target = toAt + p * width;
            for (int i = 0; i < count; i += width) {
                FloatVector.fromArray(F, from, source + i, lanes).intoArray(to, target + i * k, lanes);
            }
        }
    }

    private static void partOfRows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        for (int j = 0; j < width; j += N) {
            VectorMask<Float> read = F.indexInRange(j, count);
            VectorMask<Float> write = F.indexInRange(j, width);
            for (int p = 0; p < k; p++) {
                FloatVector.fromArray(F, from, at + p * kStride + j, read).intoArray(to, toAt + p * width + j, write);
            }
        }
    }

    private static void columns(float[] from, int at, int xStride, int count, int k, float[] to, int toAt, int width) {
        // A square writes N columns. Where the panel is narrower, the next row is written over what was too much, so the
        // end of the panel is left to plain code.
        int whole = (width < N ? k - 1 : k) / N * N;
        for (int p = 0; p < whole; p += DEPTH) {
            for (int j = 0; j < count; j += N) {
                for (int q = p; q < Math.min(whole, p + DEPTH); q += N) {
                    VectorBlocks.square(from, at + j * xStride + q, xStride, Math.min(N, count - j) - 1, to,
                            toAt + q * width + j, width);
                }
            }
        }
        for (int p = 0; p < whole && count < width; p++) {
            Arrays.fill(to, toAt + p * width + count, toAt + (p + 1) * width, 0f);
        }
        if (whole < k) {
            PlainPacking.panels(from, at + whole, xStride, 1, count, k - whole, to, toAt + whole * width, width);
        }
    }
}
