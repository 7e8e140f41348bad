package dev.ricci.tensor.cpu.rows;

/** Decodes quantised weights, in plain Java. */
public final class PlainDecoding {
    private PlainDecoding() {
    }

    /** See {@link MicroKernel#decodeBytes}; {@code width} elements in a row. */
    public static void bytes(byte[] q, int at, int depth, int group, float[] d, float[] to, int toAt, int width) {
        for (int k = 0; k < depth; k++) {
            int scales = k / group * width;
            for (int j = 0; j < width; j++) {
                to[toAt + k * width + j] = q[at + k * width + j] * d[scales + j];
            }
        }
    }

    /** See {@link MicroKernel#decodeNibbles}; {@code width} elements in a row. */
    public static void nibbles(byte[] low, int lowAt, byte[] high, int highAt, int upper, int depth, int group,
            float[] d, float[] m, float[] to, int toAt, int width) {
        int perByte = upper == 0 ? 1 : 8 / upper;
        int mask = (1 << upper) - 1;
        for (int k = 0; k < depth; k++) {
            int scales = k / group * width;
            int lower = lowAt + k / 2 * width;
            int higher = highAt + k / perByte * width;
            for (int j = 0; j < width; j++) {
                int q = low[lower + j] >> 4 * (k & 1) & 0xF;
                if (upper != 0) {
                    q |= (high[higher + j] >> upper * (k % perByte) & mask) << 4;
                }
                to[toAt + k * width + j] = Math.fma(q, d[scales + j], m[scales + j]);
            }
        }
    }

    /** See {@link MicroKernel#row}; {@code width} elements in a row of a panel. */
    public static void row(float[] x, int xAt, int xStep, int depth, float[] b, int first, int second, float[] sums,
            int width) {
        for (int j = 0; j < 2 * width; j++) {
            int at = j < width ? first + j : second + j - width;
            float s = sums[j];
            for (int k = 0; k < depth; k++) {
                s = Math.fma(x[xAt + k * xStep], b[at + k * width], s);
            }
            sums[j] = s;
        }
    }
}
