package dev.ricci.tensor.cpu.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The one vector width of this JVM, and lane folds in one fixed tree. A second width in one JVM would make shared code
 * polymorphic and slow. ({@code reduceLanes} on floats is avoided: its order of additions is not fixed.)
 */
public final class Lanes {
    /** Floats of the width named by the property {@code ricci.vector.bits}, else of the machine's. */
    public static final VectorSpecies<Float> F = species();
    /** Ints of the same width. */
    public static final VectorSpecies<Integer> I = F.withLanes(int.class);
    /** Lanes in a vector. */
    public static final int N = F.length();

    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);

    private Lanes() {
    }

    private static VectorSpecies<Float> species() {
        String bits = System.getProperty("ricci.vector.bits", "");
        return switch (bits) {
            case "" -> {
                VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
                yield preferred.vectorBitSize() < 128 ? FloatVector.SPECIES_128
                        : preferred.vectorBitSize() > 512 ? FloatVector.SPECIES_512 : preferred;
            }
            case "128", "256", "512" ->
                    VectorShape.forBitSize(Integer.parseInt(bits)).withLanes(float.class);
            default -> throw new IllegalArgumentException("ricci.vector.bits must be 128, 256 or 512, got '" + bits
                    + "'");
        };
    }

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(F, i -> (i ^ distance) % N);
    }

    /** The sum of the lanes. */
    public static float sum(FloatVector v) {
        FloatVector s = v;
        if (N >= 16) {
            s = s.add(s.rearrange(SWAP_8));
        }
        if (N >= 8) {
            s = s.add(s.rearrange(SWAP_4));
        }
        s = s.add(s.rearrange(SWAP_2));
        return s.add(s.rearrange(SWAP_1)).lane(0);
    }

    /** The largest lane; NaN if any is NaN. */
    public static float max(FloatVector v) {
        FloatVector s = v;
        if (N >= 16) {
            s = s.max(s.rearrange(SWAP_8));
        }
        if (N >= 8) {
            s = s.max(s.rearrange(SWAP_4));
        }
        s = s.max(s.rearrange(SWAP_2));
        return s.max(s.rearrange(SWAP_1)).lane(0);
    }

    /** The smallest lane; NaN if any is NaN. */
    public static float min(FloatVector v) {
        FloatVector s = v;
        if (N >= 16) {
            s = s.min(s.rearrange(SWAP_8));
        }
        if (N >= 8) {
            s = s.min(s.rearrange(SWAP_4));
        }
        s = s.min(s.rearrange(SWAP_2));
        return s.min(s.rearrange(SWAP_1)).lane(0);
    }

    /** The lanes of x at the signs of y. */
    static FloatVector copySign(FloatVector x, FloatVector y) {
        return x.reinterpretAsInts().lanewise(VectorOperators.AND, 0x7FFFFFFF)
                .lanewise(VectorOperators.OR, y.reinterpretAsInts().lanewise(VectorOperators.AND, 0x80000000))
                .reinterpretAsFloats();
    }

    /** 2^k for lanes k in -126 .. 127; garbage elsewhere. */
    static FloatVector powerOfTwo(IntVector k) {
        return k.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }
}
