package dev.ricci.models.weights.gguf;

/**
 * Blocks of 256 elements in groups that have integer scales of their own, which one or two F16 of the whole block scale
 * in turn.
 */
final class SuperBlocks {
    private SuperBlocks() {
    }

    /**
     * Scale of one of the 8 groups of Q4_K and Q5_K. The 12 bytes hold 8 scales and 8 minima of 6 bits: those of groups
     * 0 to 3 in the lower bits of bytes 0 to 3 and 4 to 7; of groups 4 to 7 four bits in the halves of bytes 8 to 11, and
     * two in the upper bits of the first eight.
     */
    private static int scale(byte[] b, int p, int group) {
        return group < 4 ? b[p + group] & 63 : b[p + group + 4] & 0xF | (b[p + group - 4] & 0xC0) >> 2;
    }

    /** Minimum of one of the 8 groups; see {@link #scale}. */
    private static int minimum(byte[] b, int p, int group) {
        return group < 4 ? b[p + group + 4] & 63 : b[p + group + 4] >> 4 & 0xF | (b[p + group] & 0xC0) >> 2;
    }

    /** d, m, 12 bytes of scales, 128 bytes: each 32 of them hold one group below and the next above. */
    static void q4k(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 144) {
            float d = BlockDecoder.half(b, p);
            float m = BlockDecoder.half(b, p + 2);
            for (int pair = 0; pair < 4; pair++, o += 64) {
                float low = d * scale(b, p + 4, 2 * pair);
                float lowMinimum = m * minimum(b, p + 4, 2 * pair);
                float high = d * scale(b, p + 4, 2 * pair + 1);
                float highMinimum = m * minimum(b, p + 4, 2 * pair + 1);
                int q = p + 16 + 32 * pair;
                for (int j = 0; j < 32; j++) {
                    to[o + j] = low * (b[q + j] & 0xF) - lowMinimum;
                    to[o + 32 + j] = high * (b[q + j] >> 4 & 0xF) - highMinimum;
                }
            }
        }
    }

    /** As Q4_K, with 32 bytes before the quants: bit g of byte j is the fifth bit of element j of group g. */
    static void q5k(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 176) {
            float d = BlockDecoder.half(b, p);
            float m = BlockDecoder.half(b, p + 2);
            for (int pair = 0; pair < 4; pair++, o += 64) {
                float low = d * scale(b, p + 4, 2 * pair);
                float lowMinimum = m * minimum(b, p + 4, 2 * pair);
                float high = d * scale(b, p + 4, 2 * pair + 1);
                float highMinimum = m * minimum(b, p + 4, 2 * pair + 1);
                int q = p + 48 + 32 * pair;
                for (int j = 0; j < 32; j++) {
                    int fifth = b[p + 16 + j] >> 2 * pair;
                    to[o + j] = low * (b[q + j] & 0xF | (fifth & 1) << 4) - lowMinimum;
                    to[o + 32 + j] = high * (b[q + j] >> 4 & 0xF | (fifth & 2) << 3) - highMinimum;
                }
            }
        }
    }

    /**
     * 128 bytes of lower four bits, 64 of upper two, 16 signed scales, d. In each half of 128 elements, byte j of 64 holds
     * elements j and 64 + j; byte j of 32 the upper bits of elements j, 32 + j, 64 + j and 96 + j.
     */
    static void q6k(byte[] b, int n, float[] to, int at) {
        for (int i = 0, p = 0, o = at; i < n; i++, p += 210) {
            float d = BlockDecoder.half(b, p + 208);
            for (int half = 0; half < 2; half++, o += 128) {
                int low = p + 64 * half;
                int high = p + 128 + 32 * half;
                int scales = p + 192 + 8 * half;
                for (int j = 0; j < 32; j++) {
                    int h = b[high + j];
                    int s = scales + j / 16;
                    to[o + j] = d * b[s] * ((b[low + j] & 0xF | (h & 3) << 4) - 32);
                    to[o + 32 + j] = d * b[s + 2] * ((b[low + 32 + j] & 0xF | (h >> 2 & 3) << 4) - 32);
                    to[o + 64 + j] = d * b[s + 4] * ((b[low + j] >> 4 & 0xF | (h >> 4 & 3) << 4) - 32);
                    to[o + 96 + j] = d * b[s + 6] * ((b[low + 32 + j] >> 4 & 0xF | (h >> 6 & 3) << 4) - 32);
                }
            }
        }
    }
}
