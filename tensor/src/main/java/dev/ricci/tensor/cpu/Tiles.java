package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;
import java.util.Arrays;

/** Products of small packed blocks on one thread, with the micro kernel of {@link Gemm}. Not shared between threads. */
final class Tiles {
    private final MicroKernel micro;
    private final int mr;
    private final int nr;
    private final float[] edge;

    /** Scratch to be released with {@link #release}. */
    Tiles(MicroKernel micro) {
        this.micro = micro;
        this.mr = micro.rows();
        this.nr = micro.columns();
        this.edge = Scratch.take(mr * nr);
    }

    void release() {
        Scratch.give(edge);
    }

    /** Elements of a packed left operand. */
    int leftSize(int rows, int k) {
        return (rows + mr - 1) / mr * mr * k;
    }

    /** Elements of a packed right operand. */
    int rightSize(int columns, int k) {
        return (columns + nr - 1) / nr * nr * k;
    }

    /** The largest multiple of a panel's rows that is not above {@code row}. */
    int panelStart(int row) {
        return row / mr * mr;
    }

    /** Packs [rows, k] as a left operand. */
    void packLeft(float[] from, int at, int rowStride, int kStride, int rows, int k, float[] to) {
        for (int i = 0; i < rows; i += mr) {
            micro.pack(from, at + i * rowStride, rowStride, kStride, Math.min(mr, rows - i), k, to, i * k, mr);
        }
    }

    /** Packs [k, columns] as a right operand of depth {@code depth} &gt;= k, with zeros from k on. */
    void packRight(float[] from, int at, int kStride, int columnStride, int k, int depth, int columns, float[] to) {
        for (int j = 0; j < columns; j += nr) {
            micro.pack(from, at + j * columnStride, columnStride, kStride, Math.min(nr, columns - j), k, to,
                    j * depth, nr);
            Arrays.fill(to, j * depth + k * nr, (j + nr) * depth, 0f);
        }
    }

    /**
     * c [rowTo - rowFrom, columns] = or += left [rows rowFrom .. rowTo, k] times rows kFrom .. kFrom + k of right.
     *
     * @param rowFrom a multiple of a panel's rows
     * @param left packed k deep
     * @param right packed {@code depth} deep
     */
    void multiply(int rowFrom, int rowTo, int columns, int k, float[] left, float[] right, int depth, int kFrom,
            float[] c, int cOff, int ldc, boolean add) {
        for (int j = 0; j < columns; j += nr) {
            int width = Math.min(nr, columns - j);
            for (int i = rowFrom; i < rowTo; i += mr) {
                micro.tile(Math.min(mr, rowTo - i), width, k, left, i * k, mr, right, j * depth + kFrom * nr, c,
                        cOff + (i - rowFrom) * ldc + j, ldc, add, edge);
            }
        }
    }
}
