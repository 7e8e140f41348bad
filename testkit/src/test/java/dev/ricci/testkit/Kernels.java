package dev.ricci.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import jdk.incubator.vector.VectorShape;

/** Which kernels this JVM tests. */
final class Kernels {
    private Kernels() {
    }

    /** Skips a test of vector kernels wider than the machine's vectors: they would be emulated, at a crawl. */
    static void assumeWidth() {
        if (System.getProperty("ricci.kernels", "").equals("vector")) {
            int bits = Integer.getInteger("ricci.vector.bits", 0);
            int widest = VectorShape.preferredShape().vectorBitSize();
            assumeTrue(bits <= widest, () -> "ricci.vector.bits=" + bits + ": the vectors of this CPU have " + widest
                    + " bits");
        }
    }
}
