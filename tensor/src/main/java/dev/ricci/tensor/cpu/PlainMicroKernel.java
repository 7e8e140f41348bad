package dev.ricci.tensor.cpu;

import dev.ricci.tensor.cpu.rows.MicroKernel;

/** Four rows by four columns in sixteen local variables: scalar fused multiply-adds at the rate of the processor. */
final class PlainMicroKernel implements MicroKernel {
    private static final int SIZE = 4;

    @Override
    public int rows() {
        return SIZE;
    }

    @Override
    public int columns() {
        return SIZE;
    }

    @Override
    public int panelRows(int rows) {
        return rows == 1 ? 1 : SIZE;
    }

    @Override
    public void tile(int rows, int columns, int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] c,
            int cOff, int ldc, boolean add, float[] edge) {
        if (rows == 1) {
            row(k, a, aOff, aStep, b, bOff, edge);
        } else {
            square(k, a, aOff, aStep, b, bOff, edge);
        }
        finish(rows, columns, edge, c, cOff, ldc, add);
    }

    private static void row(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] out) {
        float c0 = 0;
        float c1 = 0;
        float c2 = 0;
        float c3 = 0;
        for (int p = 0; p < k; p++) {
            int i = aOff + aStep * p;
            int j = bOff + SIZE * p;
            float x = a[i];
            c0 = Math.fma(x, b[j], c0);
            c1 = Math.fma(x, b[j + 1], c1);
            c2 = Math.fma(x, b[j + 2], c2);
            c3 = Math.fma(x, b[j + 3], c3);
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }

    private static void square(int k, float[] a, int aOff, int aStep, float[] b, int bOff, float[] out) {
        float c00 = 0;
        float c01 = 0;
        float c02 = 0;
        float c03 = 0;
        float c10 = 0;
        float c11 = 0;
        float c12 = 0;
        float c13 = 0;
        float c20 = 0;
        float c21 = 0;
        float c22 = 0;
        float c23 = 0;
        float c30 = 0;
        float c31 = 0;
        float c32 = 0;
        float c33 = 0;
        for (int p = 0; p < k; p++) {
            int i = aOff + aStep * p;
            int j = bOff + SIZE * p;
            float b0 = b[j];
            float b1 = b[j + 1];
            float b2 = b[j + 2];
            float b3 = b[j + 3];
            float x = a[i];
            c00 = Math.fma(x, b0, c00);
            c01 = Math.fma(x, b1, c01);
            c02 = Math.fma(x, b2, c02);
            c03 = Math.fma(x, b3, c03);
            x = a[i + 1];
            c10 = Math.fma(x, b0, c10);
            c11 = Math.fma(x, b1, c11);
            c12 = Math.fma(x, b2, c12);
            c13 = Math.fma(x, b3, c13);
            x = a[i + 2];
            c20 = Math.fma(x, b0, c20);
            c21 = Math.fma(x, b1, c21);
            c22 = Math.fma(x, b2, c22);
            c23 = Math.fma(x, b3, c23);
            x = a[i + 3];
            c30 = Math.fma(x, b0, c30);
            c31 = Math.fma(x, b1, c31);
            c32 = Math.fma(x, b2, c32);
            c33 = Math.fma(x, b3, c33);
        }
        out[0] = c00;
        out[1] = c01;
        out[2] = c02;
        out[3] = c03;
        out[4] = c10;
        out[5] = c11;
        out[6] = c12;
        out[7] = c13;
        out[8] = c20;
        out[9] = c21;
        out[10] = c22;
        out[11] = c23;
        out[12] = c30;
        out[13] = c31;
        out[14] = c32;
        out[15] = c33;
    }
}
