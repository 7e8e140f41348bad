package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/**
 * Random draws. Each takes a key, an I64 scalar, as its input: element i of a draw is a function of the key and i alone
 * (Philox4x32-10, Salmon et al. 2011), so that draws are equal for any thread count and on every device.
 */
public sealed interface Random extends Op {
    /**
     * Inputs (key[, salt I64 scalar]): a new, independent key.
     *
     * @param stream which of the key's children
     */
    record SplitKey(long stream) implements Random {
        @Override
        public String name() {
            return "split_key";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 1, 2);
            in.forEach(s -> checkKey(this, s));
            return List.of(in.getFirst());
        }
    }

    /**
     * Uniform in [0, 1): the upper 24 bits (F32) or 53 bits (F64) of a draw.
     *
     * @param shape of the result
     * @param dtype F32 or F64
     */
    record Uniform(Shape shape, DType dtype) implements Random {
        /** Checks the type. */
        public Uniform {
            checkFloat("uniform", dtype);
        }

        @Override
        public String name() {
            return "uniform";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferDraw(this, in, dtype, shape);
        }
    }

    /**
     * Standard normal, by Box and Muller's transform in double precision.
     *
     * @param shape of the result
     * @param dtype F32 or F64
     */
    record Normal(Shape shape, DType dtype) implements Random {
        /** Checks the type. */
        public Normal {
            checkFloat("normal", dtype);
        }

        @Override
        public String name() {
            return "normal";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferDraw(this, in, dtype, shape);
        }
    }

    /**
     * Uniform integers in 0 .. bound-1 (the upper half of 32 random bits times the bound).
     *
     * @param shape of the result
     * @param bound exclusive, positive
     */
    record RandomInt(Shape shape, int bound) implements Random {
        /** Checks the bound. */
        public RandomInt {
            Check.positive("random_int", "bound", bound);
        }

        @Override
        public String name() {
            return "random_int";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            return inferDraw(this, in, DType.I32, shape);
        }
    }

    /**
     * Inputs (x, key): elements are zeroed with probability p, the others divided by 1 - p (Srivastava et al. 2014).
     * Linear in x, so that its gradient is itself with the same key.
     *
     * @param p 0 &lt;= p &lt; 1
     */
    record Dropout(double p) implements Random {
        /** Checks p. */
        public Dropout {
            if (!(p >= 0 && p < 1)) {
                throw new TensorException("dropout: p must lie in [0, 1), got " + p);
            }
        }

        @Override
        public String name() {
            return "dropout";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 2, 2);
            Check.computable(this, in.get(0));
            checkKey(this, in.get(1));
            return List.of(in.get(0));
        }

        @Override
        public boolean gradientReadsInput(int i) {
            return i == 1;
        }
    }

    private static void checkKey(Op op, TensorSpec key) {
        Check.is(op, key, DType.I64, "the key");
        Check.scalar(op, key, "the key");
    }

    private static List<TensorSpec> inferDraw(Op op, List<TensorSpec> in, DType dtype, Shape shape) {
        Check.count(op, in, 1, 1);
        checkKey(op, in.getFirst());
        return List.of(new TensorSpec(dtype, shape));
    }

    private static void checkFloat(String op, DType dtype) {
        if (!dtype.isComputable()) {
            throw new DTypeException(op + ": draws F32 or F64, not " + dtype);
        }
    }
}
