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

    static void panel(float[] from, int at, int xStride, int kStride, int count, int k, float[] to, int toAt,
            int width) {
        if (xStride == 1) {
            rows(from, at, kStride, count, k, to, toAt, width);
        } else if (kStride == 1 && (width < N || width % N == 0)) {
            columns(from, at, xStride, count, k, to, toAt, width);
        } else {
            PlainPacking.panel(from, at, xStride, kStride, count, k, to, toAt, width);
        }
    }

    private static void rows(float[] from, int at, int kStride, int count, int k, float[] to, int toAt, int width) {
        if (count == 2 * N && width == 2 * N) {
            for (int p = 0; p < k; p++) {
                FloatVector l = FloatVector.fromArray(F, from, at + p * kStride);
                FloatVector r = FloatVector.fromArray(F, from, at + p * kStride + N);
                l.intoArray(to, toAt + p * width);
                r.intoArray(to, toAt + p * width + N);
            }
            return;
        }
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
            PlainPacking.panel(from, at + whole, xStride, 1, count, k - whole, to, toAt + whole * width, width);
        }
    }
}
