package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.program.Value;

/** Where values lie on a device: in one array of floats, one of ints and one of longs. */
interface Memory {
    /** Where the first element of a value lies in the array of its type. */
    int offset(Value value);

    /** Where so many ints lie that one launch may use as it likes. */
    int scratch(int ints);

    /** Which array holds a type: 0 floats (16-bit floats too, as floats of their precision), 1 ints, 2 longs. */
    static int type(DType dtype) {
        return switch (dtype) {
            case F32, F16, BF16 -> 0;
            case I32, U8, BOOL -> 1;
            case I64 -> 2;
            case F64 -> throw new IllegalStateException("F64 does not go to the device");
        };
    }
}
