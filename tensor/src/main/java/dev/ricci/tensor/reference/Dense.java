package dev.ricci.tensor.reference;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;

/** Operands of any layout and type as dense row-major arrays, and back. */
final class Dense {
    private Dense() {
    }

    /** What is done at each multi-index of a shape. */
    interface Visitor {
        /**
         * @param at the multi-index; reused, not to be kept
         * @param n its place in row-major order
         */
        void visit(int[] at, int n);
    }

    /** Visits the multi-indices of a shape in row-major order. */
    static void forEach(Shape shape, Visitor visitor) {
        int[] at = new int[shape.rank()];
        for (int n = 0; n < shape.size(); n++) {
            visitor.visit(at, n);
            for (int a = at.length - 1; a >= 0 && ++at[a] == shape.dim(a); a--) {
                at[a] = 0;
            }
        }
    }

    /** The storage index of each element in row-major order. */
    static int[] places(Layout layout) {
        int[] places = new int[layout.shape().size()];
        if (layout.isDense()) {
            for (int n = 0; n < places.length; n++) {
                places[n] = layout.offset() + n;
            }
        } else {
            forEach(layout.shape(), (at, n) -> places[n] = layout.index(at));
        }
        return places;
    }

    /** The values of any type but I64 exactly, those of I64 rounded to double. */
    static double[] doubles(Operand x) {
        int[] places = places(x.layout());
        HeapStorage s = x.heap();
        double[] out = new double[places.length];
        switch (x.dtype()) {
            case F32 -> {
                float[] from = s.floats();
                for (int n = 0; n < out.length; n++) {
                    out[n] = from[places[n]];
                }
            }
            case F64 -> {
                double[] from = s.doubles();
                for (int n = 0; n < out.length; n++) {
                    out[n] = from[places[n]];
                }
            }
            case F16 -> {
                for (int n = 0; n < out.length; n++) {
                    out[n] = Float.float16ToFloat(s.shorts()[places[n]]);
                }
            }
            case BF16 -> {
                for (int n = 0; n < out.length; n++) {
                    out[n] = Float.intBitsToFloat(s.shorts()[places[n]] << 16);
                }
            }
            case I32, I64, U8, BOOL -> {
                long[] whole = longs(x);
                for (int n = 0; n < out.length; n++) {
                    out[n] = whole[n];
                }
            }
        }
        return out;
    }

    /** The values of an integer or BOOL operand, exactly. */
    static long[] longs(Operand x) {
        int[] places = places(x.layout());
        HeapStorage s = x.heap();
        long[] out = new long[places.length];
        for (int n = 0; n < out.length; n++) {
            int i = places[n];
            out[n] = switch (x.dtype()) {
                case I32 -> s.ints()[i];
                case I64 -> s.longs()[i];
                case U8 -> s.bytes()[i] & 0xFF;
                case BOOL -> s.bytes()[i] != 0 ? 1 : 0;
                case F32, F64, F16, BF16 -> throw new IllegalStateException("longs of " + x.dtype());
            };
        }
        return out;
    }

    /** The only value of a scalar. */
    static double scalar(Operand x) {
        return doubles(x)[0];
    }

    /** The operand moved, bit by bit, into dense storage of its own. */
    static Operand copy(Operand x) {
        Operand to = new Operand(HeapStorage.allocate(x.dtype(), x.size()), Layout.dense(x.shape()));
        move(x, places(x.layout()), to);
        return to;
    }

    /** Moves the elements at {@code places} of x's storage, in order, into a dense output. */
    static void move(Operand x, int[] places, Operand out) {
        for (int n = 0; n < places.length; n++) {
            move(x, places[n], out, n);
        }
    }

    /** Moves the element at storage index {@code i} of x to element {@code n} of a dense output of the same type. */
    static void move(Operand x, int i, Operand out, int n) {
        int j = out.layout().offset() + n;
        HeapStorage from = x.heap();
        HeapStorage to = out.heap();
        switch (x.dtype()) {
            case F32 -> to.floats()[j] = from.floats()[i];
            case F64 -> to.doubles()[j] = from.doubles()[i];
            case F16, BF16 -> to.shorts()[j] = from.shorts()[i];
            case I32 -> to.ints()[j] = from.ints()[i];
            case I64 -> to.longs()[j] = from.longs()[i];
            case U8, BOOL -> to.bytes()[j] = from.bytes()[i];
        }
    }

    /**
     * Fills a dense output, each value converted as {@link dev.ricci.tensor.op.Elementwise.Cast} says: rounded to
     * nearest even in one step, or truncated and saturated; BOOL is true for what is not zero.
     */
    static void write(Operand out, double[] values) {
        for (int n = 0; n < values.length; n++) {
            put(out, n, values[n]);
        }
    }

    /** Sets element {@code n} of a dense output, converted as in {@link #write(Operand, double[])}. */
    static void put(Operand out, int n, double v) {
        int j = out.layout().offset() + n;
        HeapStorage to = out.heap();
        switch (out.dtype()) {
            case F32 -> to.floats()[j] = (float) v;
            case F64 -> to.doubles()[j] = v;
            case F16 -> to.shorts()[j] = Rounding.toF16(v);
            case BF16 -> to.shorts()[j] = Rounding.toBf16(v);
            case I32 -> to.ints()[j] = (int) v;
            case I64 -> to.longs()[j] = (long) v;
            case U8 -> to.bytes()[j] = (byte) Math.clamp((int) v, 0, 255);
            case BOOL -> to.bytes()[j] = (byte) (v != 0 ? 1 : 0);
        }
    }

    /** Fills a dense I32, I64, U8 or BOOL output; what does not fit wraps around, as Java's arithmetic does. */
    static void write(Operand out, long[] values) {
        int offset = out.layout().offset();
        HeapStorage to = out.heap();
        for (int n = 0; n < values.length; n++) {
            switch (out.dtype()) {
                case I32 -> to.ints()[offset + n] = (int) values[n];
                case I64 -> to.longs()[offset + n] = values[n];
                case U8, BOOL -> to.bytes()[offset + n] = (byte) values[n];
                case F32, F64, F16, BF16 -> throw new IllegalStateException("longs to " + out.dtype());
            }
        }
    }

    /** Fills a dense I32 output. */
    static void write(Operand out, int[] values) {
        System.arraycopy(values, 0, out.heap().ints(), out.layout().offset(), values.length);
    }

    /** Whether values are read as doubles; else as longs. */
    static boolean isFloating(Operand x) {
        return x.dtype().isFloating();
    }

    /** The elements of one size-{@code n} axis cut out of a row-major array: (o, i, k) lies at (o n + i) inner + k. */
    record Lanes(int outer, int n, int inner) {
        static Lanes of(Shape shape, int axis) {
            return new Lanes(shape.sub(0, axis).size(), shape.dim(axis), shape.sub(axis + 1, shape.rank()).size());
        }

        int at(int o, int i, int k) {
            return (o * n + i) * inner + k;
        }
    }

    /** Zero of any type in every element. */
    static void zero(Operand out) {
        for (int n = 0; n < out.size(); n++) {
            put(out, n, 0);
        }
    }
}
