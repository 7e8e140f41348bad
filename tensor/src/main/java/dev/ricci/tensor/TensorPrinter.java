package dev.ricci.tensor;

import dev.ricci.tensor.spi.HeapStorage;
import java.util.Locale;

/** Prints a tensor as NumPy does: nested brackets, six significant digits, long axes elided. */
final class TensorPrinter {
    private static final int EDGE = 3;
    private static final int ELIDE_ABOVE = 1000;

    private final Tensor tensor;
    private final HeapStorage storage;
    private final boolean elide;
    private int width;

    private TensorPrinter(Tensor tensor) {
        this.tensor = tensor;
        this.storage = (HeapStorage) Dispatch.hostRead("toString", tensor).plain();
        this.elide = tensor.size() > ELIDE_ABOVE || tensor.size() == 0; // empty rows can be many
    }

    static String print(Tensor t) {
        StringBuilder out = new StringBuilder(t.spec().toString());
        if (!t.device().equals(Device.cpu())) {
            return out.append(" on ").append(t.device()).toString();
        }
        TensorPrinter p = new TensorPrinter(t);
        p.walk(0, t.layout().offset(), null);
        return out.append(t.rank() == 0 ? " " : "\n").append(p.text()).toString();
    }

    private String text() {
        StringBuilder out = new StringBuilder();
        walk(0, tensor.layout().offset(), out);
        return out.toString();
    }

    /** Appends one sub-array, or with no target only measures the widest element. */
    private void walk(int axis, int at, StringBuilder out) {
        if (axis == tensor.rank()) {
            String e = element(at);
            if (out == null) {
                width = Math.max(width, e.length());
            } else {
                out.append(" ".repeat(width - e.length())).append(e);
            }
            return;
        }
        int n = tensor.dim(axis);
        boolean last = axis == tensor.rank() - 1;
        String gap = last ? ", " : ",\n" + "\n".repeat(Math.max(0, tensor.rank() - axis - 2)) + " ".repeat(axis + 1);
        append(out, "[");
        for (int i = 0; i < n; i++) {
            if (i > 0) {
                append(out, gap);
            }
            if (elide && n > 2 * EDGE && i == EDGE) {
                append(out, "...");
                i = n - EDGE - 1;
            } else {
                walk(axis + 1, at + i * tensor.layout().stride(axis), out);
            }
        }
        append(out, "]");
    }

    private static void append(StringBuilder out, String s) {
        if (out != null) {
            out.append(s);
        }
    }

    private String element(int at) {
        double v = TensorReader.element(storage, at);
        if (tensor.dtype() == DType.BOOL) {
            return v != 0 ? "true" : "false";
        }
        if (tensor.dtype() == DType.I64) {
            return Long.toString(storage.longs()[at]);
        }
        if (!tensor.dtype().isFloating()) {
            return Long.toString((long) v);
        }
        if (Double.isNaN(v)) {
            return "nan";
        }
        if (Double.isInfinite(v)) {
            return v > 0 ? "inf" : "-inf";
        }
        return significant(v);
    }

    /** Six significant digits without trailing zeros; scientific notation outside 1e-4 .. 1e6. */
    private static String significant(double v) {
        if (v == 0) {
            return 1 / v < 0 ? "-0." : "0.";
        }
        String s = String.format(Locale.ROOT, "%.5e", v);
        int e = s.indexOf('e');
        int exponent = Integer.parseInt(s.substring(e + 1)); // after rounding: 999999.9 is 1.e+06
        if (exponent < -4 || exponent >= 6) {
            return trim(s.substring(0, e)) + s.substring(e);
        }
        return trim(String.format(Locale.ROOT, "%." + (5 - exponent) + "f", v));
    }

    private static String trim(String s) {
        if (s.indexOf('.') < 0) {
            return s + ".";
        }
        int end = s.length();
        while (s.charAt(end - 1) == '0') {
            end--;
        }
        return s.substring(0, end);
    }
}
