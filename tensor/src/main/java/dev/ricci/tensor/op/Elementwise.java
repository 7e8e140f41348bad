package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;
import java.util.function.IntPredicate;

/** Ops that compute each element from the elements at the same place. Inputs have equal shapes (see Expand). */
public sealed interface Elementwise extends Op {
    /**
     * A function of one input.
     *
     * @param kind which
     */
    record Unary(UnaryKind kind) implements Elementwise {
        @Override
        public String name() {
            return kind.opName();
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            TensorSpec x = in.getFirst();
            switch (kind) {
                case LOGICAL_NOT -> Check.is(this, x, DType.BOOL, "its input");
                case NEG, ABS, SIGN, SQUARE -> Check.numeric(this, x);
                default -> Check.computable(this, x);
            }
            return kind == UnaryKind.IS_NAN || kind == UnaryKind.IS_FINITE
                    ? List.of(new TensorSpec(DType.BOOL, x.shape())) : in;
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return switch (kind) {
                case ABS, SQUARE, LOG, LOG1P, SIN, COS, GELU, GELU_TANH, SILU, SOFTPLUS, ERF -> true;
                default -> false;
            };
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return switch (kind) {
                case EXP, EXPM1, SQRT, RSQRT, RECIPROCAL, TANH, SIGMOID, RELU -> true;
                default -> false;
            };
        }
    }

    /**
     * The gradient of an activation: inputs (grad, x), output grad * f'(x).
     *
     * @param kind GELU, GELU_TANH or SILU
     */
    record UnaryBackward(UnaryKind kind) implements Elementwise {
        /** Checks the kind. */
        public UnaryBackward {
            checkActivation("unary_backward", kind);
        }

        @Override
        public String name() {
            return kind.opName() + "_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return List.of(alike(this, in, 2));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }
    }

    /**
     * A gated activation (Shazeer 2020): inputs (gate, up), output f(gate) * up; with SILU it is SwiGLU, with GELU GEGLU.
     *
     * @param kind GELU, GELU_TANH or SILU
     */
    record Gate(UnaryKind kind) implements Elementwise {
        /** Checks the kind. */
        public Gate {
            checkActivation("gate", kind);
        }

        @Override
        public String name() {
            return kind.opName() + "_gate";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return List.of(alike(this, in, 2));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }
    }

    /**
     * The gradient of {@link Gate}: inputs (grad, gate, up), outputs (dgate, dup) = (grad * up * f'(gate), grad *
     * f(gate)).
     *
     * @param kind as in the forward op
     */
    record GateBackward(UnaryKind kind) implements Elementwise {
        /** Checks the kind. */
        public GateBackward {
            checkActivation("gate_backward", kind);
        }

        @Override
        public String name() {
            return kind.opName() + "_gate_backward";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            TensorSpec spec = alike(this, in, 3);
            return List.of(spec, spec);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return true;
        }
    }

    /** The spec that so many inputs share, of a type that computes. */
    private static TensorSpec alike(Op op, List<TensorSpec> in, int count) {
        Check.count(op, in, count, count);
        Check.computable(op, in.getFirst());
        for (TensorSpec s : in) {
            Check.same(op, in.getFirst(), s);
        }
        return in.getFirst();
    }

    private static void checkActivation(String op, UnaryKind kind) {
        if (kind != UnaryKind.GELU && kind != UnaryKind.GELU_TANH && kind != UnaryKind.SILU) {
            throw new TensorException(op + ": only GELU, GELU_TANH and SILU have one, not " + kind);
        }
    }

    /**
     * A function of two inputs of equal shape and type.
     *
     * @param kind which
     */
    record Binary(BinaryKind kind) implements Elementwise {
        @Override
        public String name() {
            return kind.opName();
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            TensorSpec a = in.get(0);
            if (kind.isLogical()) {
                Check.is(this, a, DType.BOOL, "its input");
            } else if (kind == BinaryKind.POW) {
                Check.computable(this, a);
            } else {
                Check.numeric(this, a);
            }
            Check.same(this, a, in.get(1));
            return List.of(a);
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return switch (kind) {
                case MUL, POW, MAX, MIN, MOD, DIV -> true;
                default -> false;
            };
        }

        @Override
        public boolean gradientReadsInput(int i, IntPredicate needed) {
            return switch (kind) {
                case MUL -> needed.test(1 - i);
                case DIV -> i == 1 || needed.test(1);
                case POW -> i == 0 || needed.test(0);
                case MOD -> needed.test(1);
                default -> gradientReadsInput(i);
            };
        }

        @Override
        public boolean gradientReadsOutput(int i) {
            return kind == BinaryKind.POW;
        }
    }

    /**
     * A comparison: two inputs of equal shape and type to BOOL.
     *
     * @param kind which
     */
    record Compare(CompareKind kind) implements Elementwise {
        @Override
        public String name() {
            return kind.opName();
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.same(this, in.get(0), in.get(1));
            DType t = in.getFirst().dtype();
            if (t != DType.BOOL && t != DType.U8) {
                Check.numeric(this, in.getFirst());
            }
            return List.of(new TensorSpec(DType.BOOL, in.getFirst().shape()));
        }
    }

    /** Inputs (condition BOOL, a, b): a where the condition holds, else b. */
    record Where() implements Elementwise {
        @Override
        public String name() {
            return "where";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 3, 3);
            Check.is(this, in.get(0), DType.BOOL, "the condition");
            Check.same(this, in.get(1), in.get(2));
            Check.sameShape(this, in.get(0), in.get(1));
            if (in.get(1).dtype() != DType.BOOL) {
                Check.numeric(this, in.get(1));
            }
            return List.of(in.get(1));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 0;
        }
    }

    /**
     * Conversion to another element type. Floats to integers truncate towards zero; what does not fit an integer type
     * saturates, also from a wider integer (NaN becomes 0); to BOOL, non-zero is true; to floats, rounded once to
     * nearest even.
     *
     * @param to the type of the result
     */
    record Cast(DType to) implements Elementwise {
        @Override
        public String name() {
            return "cast";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 1);
            return List.of(new TensorSpec(to, in.getFirst().shape()));
        }
    }
}
