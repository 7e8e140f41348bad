package dev.ricci.tensor;

/**
 * The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, section 4) and the draws that Ricci
 * makes from it. A draw's element i is a function of the key and i alone.
 */
public final class Philox {
    private static final int M0 = 0xD2511F53;
    private static final int M1 = 0xCD9E8D57;
    private static final int W0 = 0x9E3779B9;
    private static final int W1 = 0xBB67AE85;

    private Philox() {
    }

    /** Ten rounds over the counter words c0..c3 (in {@code words}, overwritten) with a 64-bit key. */
    public static void rounds(int[] words, long key) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = words[0];
        int c1 = words[1];
        int c2 = words[2];
        int c3 = words[3];
        for (int round = 0; round < 10; round++) {
            long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
            long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
            int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c1 = (int) p1;
            c3 = (int) p0;
            c0 = n0;
            c2 = n2;
            k0 += W0;
            k1 += W1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }

    /** The four words of block {@code block} of a key's draw, into {@code words}. */
    public static void block(int[] words, long key, long block) {
        words[0] = (int) block;
        words[1] = (int) (block >>> 32);
        words[2] = 0;
        words[3] = 0;
        rounds(words, key);
    }

    /** The key of a child stream, salted by a number that may change from step to step. */
    public static long split(long key, long stream, long salt) {
        int[] w = {(int) stream, (int) (stream >>> 32), (int) salt, (int) (salt >>> 32)};
        rounds(w, key ^ 0x5EED_5EED_5EED_5EEDL);
        return w[0] & 0xFFFFFFFFL | (long) w[1] << 32;
    }

    /** A word in 24 bits to [0, 1). */
    public static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }

    /** Two words in 53 bits to [0, 1). */
    public static double uniform(int high, int low) {
        return ((high & 0xFFFFFFFFL) << 21 | (low >>> 11)) * 0x1p-53;
    }

    /** The normal draw of an element from the words of block {@code index / 2}. */
    public static double normal(int[] words, long index) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform(words[0], words[1])));
        double angle = 2 * StrictMath.PI * uniform(words[2], words[3]);
        return radius * ((index & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle));
    }

    /** The normal draws of both elements of the block whose words these are, into {@code pair}. */
    public static void normals(int[] words, double[] pair) {
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform(words[0], words[1])));
        double angle = 2 * StrictMath.PI * uniform(words[2], words[3]);
        pair[0] = radius * StrictMath.cos(angle);
        pair[1] = radius * StrictMath.sin(angle);
    }

    /** A word to an integer in 0 .. bound-1. */
    public static int bounded(int word, int bound) {
        return (int) ((word & 0xFFFFFFFFL) * bound >>> 32);
    }
}
