package dev.ricci.models.weights.gguf;

/**
 * Blocks of 32 elements with one scale d, or a scale and a minimum m, both F16 and first. In the 4- and 5-bit types byte
 * i of 16 holds element i below and element 16 + i above; the fifth bits of all elements are one word before them.
 */
final class SimpleBlocks {
    private static final int HALF = 16;

    private SimpleBlocks() {
    }

    /** d, 16 bytes: x = d (q - 8). */
    static void q40(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 18, o += 32) {
            float d = BlockDecoder.half(b, p);
            for (int j = 0; j < HALF; j++) {
                int q = b[p + 2 + j];
                to[o + j] = ((q & 0xF) - 8) * d;
                to[o + HALF + j] = ((q >> 4 & 0xF) - 8) * d;
            }
        }
    }

    /** d, m, 16 bytes: x = d q + m. */
    static void q41(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 20, o += 32) {
            float d = BlockDecoder.half(b, p);
            float m = BlockDecoder.half(b, p + 2);
            for (int j = 0; j < HALF; j++) {
                int q = b[p + 4 + j];
                to[o + j] = (q & 0xF) * d + m;
                to[o + HALF + j] = (q >> 4 & 0xF) * d + m;
            }
        }
    }

    /** d, word of fifth bits, 16 bytes: x = d (q - 16). */
    static void q50(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 22, o += 32) {
            float d = BlockDecoder.half(b, p);
            int high = BlockDecoder.word(b, p + 2);
            for (int j = 0; j < HALF; j++) {
                int q = b[p + 6 + j];
                to[o + j] = ((q & 0xF | (high >> j & 1) << 4) - 16) * d;
                to[o + HALF + j] = ((q >> 4 & 0xF | (high >> j + HALF & 1) << 4) - 16) * d;
            }
        }
    }

    /** d, m, word of fifth bits, 16 bytes: x = d q + m. */
    static void q51(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 24, o += 32) {
            float d = BlockDecoder.half(b, p);
            float m = BlockDecoder.half(b, p + 2);
            int high = BlockDecoder.word(b, p + 4);
            for (int j = 0; j < HALF; j++) {
                int q = b[p + 8 + j];
                to[o + j] = (q & 0xF | (high >> j & 1) << 4) * d + m;
                to[o + HALF + j] = (q >> 4 & 0xF | (high >> j + HALF & 1) << 4) * d + m;
            }
        }
    }

    /** d, 32 signed bytes: x = d q. */
    static void q80(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 34, o += 32) {
            float d = BlockDecoder.half(b, p);
            for (int j = 0; j < 32; j++) {
                to[o + j] = b[p + 2 + j] * d;
            }
        }
    }
}
