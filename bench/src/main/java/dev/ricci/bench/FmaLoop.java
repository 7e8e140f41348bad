package dev.ricci.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Loops that do nothing but what limits others: fused multiply-adds in registers, and reading an array. */
final class FmaLoop {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int ACCUMULATORS = 16;

    private FmaLoop() {
    }

    /** Floating-point operations of one turn. */
    static int flopsPerTurn() {
        return 2 * ACCUMULATORS * SPECIES.length();
    }

    /** Sixteen named accumulators: fewer do not hide the latency of two units, and an array of them would be boxed. */
    static float multiplyAdd(int turns) {
        FloatVector x = FloatVector.broadcast(SPECIES, 0.999f);
        FloatVector y = FloatVector.broadcast(SPECIES, 0.001f);
        FloatVector a0 = x;
        FloatVector a1 = x.add(1);
        FloatVector a2 = x.add(2);
        FloatVector a3 = x.add(3);
        FloatVector a4 = x.add(4);
        FloatVector a5 = x.add(5);
        FloatVector a6 = x.add(6);
        FloatVector a7 = x.add(7);
        FloatVector a8 = x.add(8);
        FloatVector a9 = x.add(9);
        FloatVector a10 = x.add(10);
        FloatVector a11 = x.add(11);
        FloatVector a12 = x.add(12);
        FloatVector a13 = x.add(13);
        FloatVector a14 = x.add(14);
        FloatVector a15 = x.add(15);
        for (int i = 0; i < turns; i++) {
            a0 = a0.fma(x, y);
            a1 = a1.fma(x, y);
            a2 = a2.fma(x, y);
            a3 = a3.fma(x, y);
            a4 = a4.fma(x, y);
            a5 = a5.fma(x, y);
            a6 = a6.fma(x, y);
            a7 = a7.fma(x, y);
            a8 = a8.fma(x, y);
            a9 = a9.fma(x, y);
            a10 = a10.fma(x, y);
            a11 = a11.fma(x, y);
            a12 = a12.fma(x, y);
            a13 = a13.fma(x, y);
            a14 = a14.fma(x, y);
            a15 = a15.fma(x, y);
        }
        FloatVector low = a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6.add(a7)));
        FloatVector high = a8.add(a9).add(a10.add(a11)).add(a12.add(a13).add(a14.add(a15)));
        return low.add(high).lane(0);
    }

    /** Reads a part whose length is a multiple of eight vectors, beginning at its start. */
    static float read(float[] array, int from, int to) {
        int step = SPECIES.length();
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        FloatVector e = a;
        FloatVector f = a;
        FloatVector g = a;
        FloatVector h = a;
        for (int i = from; i <= to - 8 * step; i += 8 * step) {
            a = a.add(FloatVector.fromArray(SPECIES, array, i));
            b = b.add(FloatVector.fromArray(SPECIES, array, i + step));
            c = c.add(FloatVector.fromArray(SPECIES, array, i + 2 * step));
            d = d.add(FloatVector.fromArray(SPECIES, array, i + 3 * step));
            e = e.add(FloatVector.fromArray(SPECIES, array, i + 4 * step));
            f = f.add(FloatVector.fromArray(SPECIES, array, i + 5 * step));
            g = g.add(FloatVector.fromArray(SPECIES, array, i + 6 * step));
            h = h.add(FloatVector.fromArray(SPECIES, array, i + 7 * step));
        }
        return a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).lane(0);
    }
}
