package dev.ricci.tensor.op;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.List;

/** Ops without inputs. */
public sealed interface Creation extends Op {
    /**
     * Every element the same value. For BOOL, non-zero is true.
     *
     * @param shape of the result
     * @param dtype of the result
     * @param value of each element
     */
    record Full(Shape shape, DType dtype, double value) implements Creation {
        @Override
        public String name() {
            return "full";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 0, 0);
            return List.of(new TensorSpec(dtype, shape));
        }
    }

    /**
     * {@code start + i * step}, rank 1.
     *
     * @param count how many
     * @param dtype F32, F64, I32 or I64
     * @param start the first value
     * @param step between neighbours
     */
    record Arange(int count, DType dtype, double start, double step) implements Creation {
        /** Checks the count and the type. */
        public Arange {
            Check.notNegative("arange", "count", count);
            if (!dtype.isComputable() && !dtype.isInteger()) {
                throw new TensorException("arange: makes F32, F64, I32 or I64, not " + dtype);
            }
        }

        @Override
        public String name() {
            return "arange";
        }

        @Override
        public List<TensorSpec> infer(List<TensorSpec> in) {
            Check.count(this, in, 0, 0);
            return List.of(new TensorSpec(dtype, Shape.of(count)));
        }
    }
}
