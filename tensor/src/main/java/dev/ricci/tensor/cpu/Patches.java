package dev.ricci.tensor.cpu;

import dev.ricci.tensor.op.Contraction.Window;
import java.util.Arrays;

/**
 * The patches that a convolution's windows cover, as the columns of a matrix [C KH KW, windows], and their gradient
 * added back into the image (Chellapilla et al. 2006).
 *
 * @param channels C, channels of one group
 * @param height rows of the image
 * @param width columns of the image
 * @param kernelH rows of the kernel
 * @param kernelW columns of the kernel
 * @param outW windows in a row
 * @param window stride, padding, dilation
 */
record Patches(int channels, int height, int width, int kernelH, int kernelW, int outW, Window window) {
    /** Rows of the matrix. */
    int rows() {
        return channels * kernelH * kernelW;
    }

    /** Copies windows {@code from .. from + n - 1} of dense channels at {@code at} into [rows, n]. */
    void gather(float[] image, int at, int from, int n, float[] matrix) {
        forEach(from, n, (m, i, count, step, before, after) -> {
            Arrays.fill(matrix, m - before, m, 0f);
            if (step == 1) {
                System.arraycopy(image, at + i, matrix, m, count);
            } else {
                for (int j = 0; j < count; j++) {
                    matrix[m + j] = image[at + i + j * step];
                }
            }
            Arrays.fill(matrix, m + count, m + count + after, 0f);
        });
    }

    /** Adds [rows, n] to the windows {@code from .. from + n - 1} of dense channels at {@code at}. */
    void scatter(float[] matrix, int from, int n, float[] image, int at) {
        forEach(from, n, (m, i, count, step, before, after) -> {
            for (int j = 0; j < count; j++) {
                image[at + i + j * step] += matrix[m + j];
            }
        });
    }

    /** A run of windows of one row under one tap. */
    private interface Run {
        /**
         * @param m where the first tap inside the image stands in the matrix
         * @param i where it stands in the image
         * @param count taps inside the image
         * @param step elements of the image between them
         * @param before taps left of the image, which stand before m
         * @param after taps right of the image
         */
        void apply(int m, int i, int count, int step, int before, int after);
    }

    private void forEach(int from, int n, Run run) {
        for (int r = 0; r < rows(); r++) {
            int kw = r % kernelW;
            int kh = r / kernelW % kernelH;
            int channel = r / kernelW / kernelH;
            int left = kw * window.dilationW() - window.padW();
            for (int p = from; p < from + n; ) {
                int ow = p % outW;
                int length = Math.min(outW - ow, from + n - p);
                int h = p / outW * window.strideH() - window.padH() + kh * window.dilationH();
                int step = window.strideW();
                int first = 0;
                int end = 0;
                if (h >= 0 && h < height) {
                    // Windows ow with 0 <= ow step + left < width.
                    first = Math.clamp(Math.ceilDiv(-left, step) - ow, 0, length);
                    end = Math.clamp(Math.ceilDiv(width - left, step) - ow, first, length);
                }
                int m = r * n + p - from + first;
                int i = end == first ? 0 : (channel * height + h) * width + (ow + first) * step + left;
                run.apply(m, i, end - first, step, first, length - end);
                p += length;
            }
        }
    }
}
