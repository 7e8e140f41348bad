package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** The checks that shape inference shares, with one wording. */
final class Check {
    private Check() {
    }

    static void count(Op op, List<TensorSpec> in, int from, int to) {
        if (in.size() < from || in.size() > to) {
            throw new TensorException(op.name() + ": takes " + (from == to ? from : from + " to " + to)
                    + " inputs, got " + in.size() + ": " + in);
        }
    }

    static void computable(Op op, TensorSpec s) {
        if (!s.dtype().isComputable()) {
            throw new DTypeException(op.name() + ": computes on F32 or F64, got " + s
                    + "; convert it with to(DType.F32)");
        }
    }

    static void numeric(Op op, TensorSpec s) {
        if (!s.dtype().isComputable() && !s.dtype().isInteger()) {
            throw new DTypeException(op.name() + ": takes F32, F64, I32 or I64, got " + s
                    + "; convert it with to(DType.F32)");
        }
    }

    static void is(Op op, TensorSpec s, DType dtype, String role) {
        if (s.dtype() != dtype) {
            throw new DTypeException(op.name() + ": " + role + " must be " + dtype + ", got " + s);
        }
    }

    static void ids(Op op, TensorSpec s, String role) {
        if (!s.dtype().isInteger()) {
            throw new DTypeException(op.name() + ": " + role + " must be I32 or I64, got " + s
                    + "; convert with to(DType.I32)");
        }
    }

    static void sameDType(Op op, TensorSpec a, TensorSpec b) {
        if (a.dtype() != b.dtype()) {
            throw new DTypeException(op.name() + ": element types differ: " + a + " and " + b
                    + "; convert one with to(DType." + a.dtype() + ")");
        }
    }

    static void sameShape(Op op, TensorSpec a, TensorSpec b) {
        if (!a.shape().equals(b.shape())) {
            throw new ShapeException(op.name() + ": shapes differ: " + a.shape() + " and " + b.shape());
        }
    }

    static void same(Op op, TensorSpec a, TensorSpec b) {
        sameDType(op, a, b);
        sameShape(op, a, b);
    }

    static void shape(Op op, TensorSpec s, Shape expected, String role) {
        if (!s.shape().equals(expected)) {
            throw new ShapeException(op.name() + ": " + role + " must have shape " + expected + ", got " + s.shape());
        }
    }

    static void rank(Op op, TensorSpec s, int rank, String role) {
        if (s.shape().rank() != rank) {
            throw new ShapeException(op.name() + ": " + role + " must have rank " + rank + ", got shape " + s.shape());
        }
    }

    static void minRank(Op op, TensorSpec s, int rank, String role) {
        if (s.shape().rank() < rank) {
            throw new ShapeException(op.name() + ": " + role + " must have rank " + rank + " or more, got shape "
                    + s.shape());
        }
    }

    static void scalar(Op op, TensorSpec s, String role) {
        rank(op, s, 0, role);
    }

    /** An attribute that must already be normalised to 0 .. rank-1. */
    static void axis(Op op, TensorSpec s, int axis) {
        if (axis < 0 || axis >= s.shape().rank()) {
            s.shape().axis(op.name(), axis);
            throw new ShapeException(op.name() + ": axis " + axis + " must be counted from the front");
        }
    }

    static void positive(String op, String what, int value) {
        if (value <= 0) {
            throw new ShapeException(op + ": " + what + " must be positive, got " + value);
        }
    }

    static void notNegative(String op, String what, int value) {
        if (value < 0) {
            throw new ShapeException(op + ": " + what + " must not be negative, got " + value);
        }
    }
}
