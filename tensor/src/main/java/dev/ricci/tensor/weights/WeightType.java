package dev.ricci.tensor.weights;

/**
 * How the elements of a matrix of weights are kept, in a file or in memory. What is computed is F32 in any case: the type
 * says which bits an element is made of. Rows are cut into blocks of {@link #blockElements()} elements in
 * {@link #blockBytes()} bytes. Elements of a quantised block are whole numbers q of {@link #bits()} bits in groups of
 * {@link #groupElements()}, each with a scale d: x = (q - zero) d, or x = q d + m where groups have a minimum m.
 */
public enum WeightType {
    /** 32-bit IEEE float. */
    F32(1, 4),
    /** 16-bit IEEE float. */
    F16(1, 2),
    /** The upper half of an F32. */
    BF16(1, 2),
    /** 4 bits, one scale: x = d (q - 8). */
    Q4_0(32, 18, 4, 32, 8, false, false),
    /** 4 bits, scale and minimum: x = d q + m. */
    Q4_1(32, 20, 4, 32, 0, true, false),
    /** 5 bits, one scale: x = d (q - 16). */
    Q5_0(32, 22, 5, 32, 16, false, false),
    /** 5 bits, scale and minimum: x = d q + m. */
    Q5_1(32, 24, 5, 32, 0, true, false),
    /** 8 bits, one scale: x = d q. */
    Q8_0(32, 34, 8, 32, 0, false, false),
    /** 4 bits in 8 groups of 32, each with a 6-bit scale and minimum: x = d s q - m t. */
    Q4_K(256, 144, 4, 32, 0, true, true),
    /** 5 bits in 8 groups of 32, each with a 6-bit scale and minimum: x = d s q - m t. */
    Q5_K(256, 176, 5, 32, 0, true, true),
    /** 6 bits in 16 groups of 16, each with an 8-bit scale: x = d s (q - 32). */
    Q6_K(256, 210, 6, 16, 32, false, true);

    private final int blockElements;
    private final int blockBytes;
    private final int bits;
    private final int groupElements;
    private final int zero;
    private final boolean minimum;
    private final boolean nested;

    WeightType(int blockElements, int blockBytes) {
        this(blockElements, blockBytes, 8 * blockBytes, 1, 0, false, false);
    }

    WeightType(int blockElements, int blockBytes, int bits, int groupElements, int zero, boolean minimum,
            boolean nested) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.bits = bits;
        this.groupElements = groupElements;
        this.zero = zero;
        this.minimum = minimum;
        this.nested = nested;
    }

    /** Elements in one block: 1 for plain types. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes of one block. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Bits of one element, its share of scales aside. */
    public int bits() {
        return bits;
    }

    /** Elements that share one scale: 1 for plain types. */
    public int groupElements() {
        return groupElements;
    }

    /** What is subtracted from the bits of an element. Those of Q8_0 have a sign instead. */
    public int zero() {
        return zero;
    }

    /** Whether groups have a minimum beside their scale. */
    public boolean hasMinimum() {
        return minimum;
    }

    /** Whether scales are whole numbers that a scale of the whole block scales in turn. */
    public boolean isNested() {
        return nested;
    }

    /** Whether elements share a scale. */
    public boolean isQuantised() {
        return blockElements > 1;
    }

    /** Bytes of this many elements, a multiple of {@link #blockElements()}. */
    public long bytes(long elements) {
        return elements / blockElements * blockBytes;
    }
}
