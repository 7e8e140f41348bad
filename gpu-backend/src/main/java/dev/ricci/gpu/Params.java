package dev.ricci.gpu;

/**
 * Where the parameters of a kernel stand in its arrays of ints and of floats, where infinity stands too. The first
 * part is common to all; the rest means what each kernel says.
 */
final class Params {
    static final int INTS = 160;
    static final int FLOATS = 12;

    /** Items that have work. */
    static final int COUNT = 0;
    static final int KIND = 1;
    /** Offsets of result and operands in the array of their type. */
    static final int OUT = 2;
    static final int A = 3;
    static final int B = 4;
    static final int C = 5;
    static final int RANK = 6;
    /** The array of the elements: 0 floats, 1 ints, 2 longs. */
    static final int TYPE = 7;
    /** {@link #MAX_RANK} sizes and strides each. */
    static final int DIMS = 8;
    static final int STRIDES_A = 16;
    static final int STRIDES_B = 24;
    static final int STRIDES_C = 32;
    static final int STRIDES_OUT = 40;
    static final int MAX_RANK = 8;
    static final int FIRST = 48;
    static final int SECOND = 49;
    static final int EXTRA = 50;
    static final int FLAG = 51;
    static final int THIRD = 52;
    static final int ROWS = 53;

    static final int REDUCED_DIMS = 24;
    static final int REDUCED_STRIDES = 32;
    static final int REDUCED_RANK = 40;
    static final int ID_DIMS = 40;
    static final int MEAN = 54;
    static final int RSTD = 55;

    static final int M = 54;
    static final int N = 55;
    static final int K = 56;
    static final int A_ROW = 57;
    static final int A_COLUMN = 58;
    static final int B_ROW = 59;
    static final int B_COLUMN = 60;

    static final int HEADS = 8;
    static final int GROUPS = 9;
    static final int QUERIES = 10;
    static final int KEYS = 11;
    static final int DEPTH = 12;
    static final int VALUE_DEPTH = 13;
    static final int CAUSAL = 14;
    static final int WINDOW = 15;
    static final int Q_STRIDES = 16;
    static final int K_STRIDES = 20;
    static final int V_STRIDES = 24;
    static final int MASK_STRIDES = 28;
    static final int GRAD_STRIDES = 32;
    static final int MASK = 36;
    static final int MASK_KIND = 37;
    static final int LSE = 38;
    static final int GRAD = 39;
    static final int Y = 40;

    static final int IMAGES = 8;
    static final int CHANNELS = 9;
    static final int IN_H = 10;
    static final int IN_W = 11;
    static final int OUT_CHANNELS = 12;
    static final int OUT_H = 13;
    static final int OUT_W = 14;
    static final int KERNEL_H = 15;
    static final int KERNEL_W = 16;
    static final int STRIDE_H = 17;
    static final int STRIDE_W = 18;
    static final int PAD_H = 19;
    static final int PAD_W = 20;
    static final int DILATION_H = 21;
    static final int DILATION_W = 22;
    static final int CONV_GROUPS = 23;

    /** Stages of a fused kernel: group, kind, places of three operands. */
    static final int STAGE_COUNT = 16;
    static final int STAGES = 17;
    static final int STAGE_INTS = 5;
    static final int MAX_STAGES = 8;
    /** Operands of its stages: type, offset, strides. */
    static final int OPERANDS = 57;
    static final int OPERAND_INTS = 10;
    static final int MAX_OPERANDS = 10;
    /** Groups of ops; from {@link #SMOOTH} on they share functions. */
    static final int BINARY = 0;
    static final int UNARY = 1;
    static final int COMPARE = 2;
    static final int WHERE = 3;
    static final int TEST = 4;
    static final int ROUND = 5;
    static final int NOT_ZERO = 6;
    static final int SMOOTH = 7;
    static final int CURVE = 7;
    static final int GRADIENT = 8;
    static final int GATE = 9;

    /** The float that is infinity: kernels cannot write it. */
    static final int INFINITY = 6;

    private Params() {
    }
}
