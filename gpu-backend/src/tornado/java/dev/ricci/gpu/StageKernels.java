package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Copies between a program's arrays and small ones that go to the host and come from there, since a plan copies whole
 * arrays only. In {@code p} stand, for floats, ints and longs, how many and where in the program's array.
 */
final class StageKernels {
    private StageKernels() {
    }

    static void kStore(KernelContext c, FloatArray f, IntArray n, LongArray l, FloatArray fromF, IntArray fromN,
            LongArray fromL, IntArray p) {
        int i = c.globalIdx;
        if (i < p.get(0)) {
            f.set(p.get(1) + i, fromF.get(i));
        }
        if (i < p.get(2)) {
            n.set(p.get(3) + i, fromN.get(i));
        }
        if (i < p.get(4)) {
            l.set(p.get(5) + i, fromL.get(i));
        }
    }

    static void kLoad(KernelContext c, FloatArray f, IntArray n, LongArray l, FloatArray toF, IntArray toN, LongArray toL,
            IntArray p) {
        int i = c.globalIdx;
        if (i < p.get(0)) {
            toF.set(i, f.get(p.get(1) + i));
        }
        if (i < p.get(2)) {
            toN.set(i, n.get(p.get(3) + i));
        }
        if (i < p.get(4)) {
            toL.set(i, l.get(p.get(5) + i));
        }
    }
}
