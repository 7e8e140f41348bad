package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.weights.WeightType;
import java.util.Arrays;
import java.util.Map;

/**
 * The element types of GGUF tensors that are read. A tensor's rows (its last axis) are cut into blocks of
 * {@link #blockElements()} elements, stored in {@link #blockBytes()} bytes each.
 */
public enum GgufType {
    /** 32-bit IEEE float. */
    F32(0),
    /** 16-bit IEEE float. */
    F16(1),
    /** 4 bits, one scale: x = d (q - 8). */
    Q4_0(2),
    /** 4 bits, scale and minimum: x = d q + m. */
    Q4_1(3),
    /** 5 bits, one scale: x = d (q - 16). */
    Q5_0(6),
    /** 5 bits, scale and minimum: x = d q + m. */
    Q5_1(7),
    /** 8 bits, one scale: x = d q. */
    Q8_0(8),
    /** 4 bits in 8 groups of 32, each with a 6-bit scale and minimum: x = d s q - m t. */
    Q4_K(12),
    /** 5 bits in 8 groups of 32, each with a 6-bit scale and minimum: x = d s q - m t. */
    Q5_K(13),
    /** 6 bits in 16 groups of 16, each with an 8-bit scale: x = d s (q - 32). */
    Q6_K(14),
    /** The upper half of an F32. */
    BF16(30);

    /** What other numbers mean, for errors that say more than a number. */
    private static final Map<Integer, String> OTHERS = Map.ofEntries(Map.entry(9, "Q8_1"), Map.entry(10, "Q2_K"),
            Map.entry(11, "Q3_K"), Map.entry(15, "Q8_K"), Map.entry(16, "IQ2_XXS"), Map.entry(17, "IQ2_XS"),
            Map.entry(18, "IQ3_XXS"), Map.entry(19, "IQ1_S"), Map.entry(20, "IQ4_NL"), Map.entry(21, "IQ3_S"),
            Map.entry(22, "IQ2_S"), Map.entry(23, "IQ4_XS"), Map.entry(24, "I8"), Map.entry(25, "I16"),
            Map.entry(26, "I32"), Map.entry(27, "I64"), Map.entry(28, "F64"), Map.entry(29, "IQ1_M"),
            Map.entry(34, "TQ1_0"), Map.entry(35, "TQ2_0"), Map.entry(39, "MXFP4"));

    private final int id;
    private final WeightType stored;

    GgufType(int id) {
        this.id = id;
        this.stored = WeightType.valueOf(name());
    }

    /**
     * The type with a number.
     *
     * @param source named in the error
     * @throws FormatException if it is not read
     */
    static GgufType of(int id, String source) {
        for (GgufType t : values()) {
            if (t.id == id) {
                return t;
            }
        }
        throw new FormatException(source + ": type " + Integer.toUnsignedString(id)
                + (OTHERS.containsKey(id) ? " (" + OTHERS.get(id) + ")" : "") + " is not read; known are "
                + Arrays.toString(values()) + "; convert the file to one of them");
    }

    /** The number that stands for it in files. */
    public int id() {
        return id;
    }

    /** The number by which {@code general.file_type} says that most of a file's tensors are of this type. */
    public int fileType() {
        return switch (this) {
            case F32 -> 0;
            case F16 -> 1;
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q5_1 -> 9;
            case Q4_K -> 14;
            case Q5_K -> 16;
            case Q6_K -> 18;
            case BF16 -> 32;
        };
    }

    /** How its elements are kept. */
    public WeightType stored() {
        return stored;
    }

    /** Elements in one block: 1 for plain types. */
    public int blockElements() {
        return stored.blockElements();
    }

    /** Bytes of one block. */
    public int blockBytes() {
        return stored.blockBytes();
    }

    /** Whether elements share the scale of a block. */
    public boolean isQuantised() {
        return stored.isQuantised();
    }

    /** The type of the tensor that is made of it: itself for plain types, F32 for quantised ones. */
    public DType readAs() {
        return switch (this) {
            case F16 -> DType.F16;
            case BF16 -> DType.BF16;
            default -> DType.F32;
        };
    }

    /** Bytes of this many elements, a multiple of {@link #blockElements()}. */
    public long bytes(long elements) {
        return stored.bytes(elements);
    }
}
