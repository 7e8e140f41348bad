package dev.ricci.tensor.cpu;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A lock-free pool of float arrays for packed operands and tiles, so that kernels do not make garbage of megabytes
 * per call. What is taken holds old values.
 */
final class Scratch {
    private static final int SMALLEST = 6;
    private static final int LARGEST = 22;
    private static final int SLOTS = 16;
    private static final AtomicReferenceArray<float[]> POOL =
            new AtomicReferenceArray<>((LARGEST - SMALLEST + 1) * SLOTS);

    private Scratch() {
    }

    /** An array of at least {@code size} elements with any content. */
    static float[] take(int size) {
        int c = sizeClass(size);
        if (c > LARGEST) {
            return new float[size];
        }
        int from = (c - SMALLEST) * SLOTS;
        for (int i = from; i < from + SLOTS; i++) {
            float[] a = POOL.getPlain(i);
            if (a != null && POOL.compareAndSet(i, a, null)) {
                return a;
            }
        }
        return new float[1 << c];
    }

    /** Gives an array back; the caller must not touch it afterwards. */
    static void give(float[] array) {
        int c = sizeClass(array.length);
        if (c > LARGEST || array.length != 1 << c) {
            return;
        }
        int from = (c - SMALLEST) * SLOTS;
        for (int i = from; i < from + SLOTS; i++) {
            if (POOL.getPlain(i) == null && POOL.compareAndSet(i, null, array)) {
                return;
            }
        }
    }

    private static int sizeClass(int size) {
        return Math.max(SMALLEST, 32 - Integer.numberOfLeadingZeros(Math.max(1, size) - 1));
    }
}
