package dev.ricci.nn.init;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * The usual initialisers (PyTorch's {@code nn.init}). For a weight [out, in, kernel...] fan-in is in * kernel..., and
 * fan-out is out * kernel...; the ones that need fans refuse shapes of rank below 2.
 */
public final class Initializers {
    private Initializers() {
    }

    /** All 0. */
    public static Initializer zeros() {
        return constant(0);
    }

    /** All 1. */
    public static Initializer ones() {
        return constant(1);
    }

    /** All the same. */
    public static Initializer constant(double value) {
        return (rng, shape) -> Tensor.full(shape, DType.F32, value);
    }

    /** Normal with mean 0. */
    public static Initializer normal(double std) {
        checkSpread("normal", std);
        return (rng, shape) -> rng.normal(DType.F32, shape).mul(std);
    }

    /** Normal with mean 0 and this deviation before truncation; what falls beyond two deviations is drawn again. */
    public static Initializer truncatedNormal(double std) {
        checkSpread("truncatedNormal", std);
        return (rng, shape) -> truncated(rng, shape).mul(std);
    }

    /** Uniform in [low, high). */
    public static Initializer uniform(double low, double high) {
        if (!(low <= high) || !Double.isFinite(low) || !Double.isFinite(high)) {
            throw new TensorException("uniform: needs finite low <= high, got " + low + " and " + high);
        }
        return (rng, shape) -> rng.uniform(DType.F32, shape).mul(high - low).add(low);
    }

    /** Uniform in +-gain sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010, eq. 16). */
    public static Initializer xavierUniform(double gain) {
        checkSpread("xavierUniform", gain);
        return (rng, shape) -> {
            double bound = gain * Math.sqrt(6.0 / (fanIn(shape) + fanOut(shape)));
            return uniform(-bound, bound).create(rng, shape);
        };
    }

    /** Normal with deviation gain sqrt(2 / (fan-in + fan-out)) (Glorot and Bengio 2010). */
    public static Initializer xavierNormal(double gain) {
        checkSpread("xavierNormal", gain);
        return (rng, shape) -> normal(gain * Math.sqrt(2.0 / (fanIn(shape) + fanOut(shape)))).create(rng, shape);
    }

    /**
     * Uniform in +-sqrt(6 / ((1 + a^2) fan-in)) (He et al. 2015, eq. 15).
     *
     * @param slope a, the negative slope of a leaky ReLU; 0 for ReLU; sqrt(5) gives +-1 / sqrt(fan-in)
     */
    public static Initializer kaimingUniform(double slope) {
        checkSpread("kaimingUniform", slope);
        return (rng, shape) -> {
            double bound = Math.sqrt(6.0 / ((1 + slope * slope) * fanIn(shape)));
            return uniform(-bound, bound).create(rng, shape);
        };
    }

    /**
     * Normal with deviation sqrt(2 / ((1 + a^2) fan-in)) (He et al. 2015, eq. 15).
     *
     * @param slope a, the negative slope of a leaky ReLU; 0 for ReLU
     */
    public static Initializer kaimingNormal(double slope) {
        checkSpread("kaimingNormal", slope);
        return (rng, shape) -> normal(Math.sqrt(2.0 / ((1 + slope * slope) * fanIn(shape)))).create(rng, shape);
    }

    /**
     * Rows, or columns where there are fewer of them, orthogonal and of length gain, uniformly distributed: the QR
     * factor of a normal matrix (Saxe et al. 2014). A shape [out, in, kernel...] counts as [out, in * kernel...].
     */
    public static Initializer orthogonal(double gain) {
        checkSpread("orthogonal", gain);
        return (rng, shape) -> {
            fanIn(shape);
            int rows = shape.dim(0);
            int cols = rows == 0 ? 0 : shape.size() / rows;
            int count = Math.min(rows, cols);
            int length = Math.max(rows, cols);
            double[] q = rng.normal(DType.F64, Shape.of(count, length)).toDoubleArray();
            orthonormalise(q, count, length);
            float[] out = new float[shape.size()];
            for (int v = 0; v < count; v++) {
                for (int i = 0; i < length; i++) {
                    out[rows <= cols ? v * length + i : i * count + v] = (float) (gain * q[v * length + i]);
                }
            }
            return Tensor.wrap(out, shape);
        };
    }

    /** Elements that one output reads. */
    static int fanIn(Shape shape) {
        return fan(shape, 1);
    }

    /** Outputs that one input element feeds. */
    static int fanOut(Shape shape) {
        return fan(shape, 0);
    }

    private static int fan(Shape shape, int axis) {
        if (shape.rank() < 2) {
            throw new ShapeException("initializer: fans need a weight [out, in, kernel...], got shape " + shape
                    + "; use normal, uniform or constant");
        }
        int fan = shape.dim(axis);
        for (int a = 2; a < shape.rank(); a++) {
            fan *= shape.dim(a);
        }
        return fan;
    }

    private static void checkSpread(String name, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new TensorException(name + ": needs a finite number of 0 or more, got " + value);
        }
    }

    private static Tensor truncated(Rng rng, Shape shape) {
        float[] x = rng.split(0).normal(DType.F32, shape).toFloatArray();
        int[] open = new int[x.length];
        for (int i = 0; i < open.length; i++) {
            open[i] = i;
        }
        int left = beyond(x, open, open.length);
        for (int round = 1; left > 0; round++) {
            float[] again = rng.split(round).normal(left).toFloatArray();
            for (int i = 0; i < left; i++) {
                x[open[i]] = again[i];
            }
            left = beyond(x, open, left);
        }
        return Tensor.wrap(x, shape);
    }

    /** Keeps in {@code open} the indices of what lies beyond two deviations, and returns how many. */
    private static int beyond(float[] x, int[] open, int count) {
        int left = 0;
        for (int i = 0; i < count; i++) {
            if (Math.abs(x[open[i]]) > 2) {
                open[left++] = open[i];
            }
        }
        return left;
    }

    /** Gram-Schmidt over vectors stored one after another; twice, since once loses digits. */
    private static void orthonormalise(double[] q, int count, int length) {
        for (int v = 0; v < count; v++) {
            for (int pass = 0; pass < 2; pass++) {
                for (int u = 0; u < v; u++) {
                    double dot = 0;
                    for (int i = 0; i < length; i++) {
                        dot += q[u * length + i] * q[v * length + i];
                    }
                    for (int i = 0; i < length; i++) {
                        q[v * length + i] -= dot * q[u * length + i];
                    }
                }
            }
            double square = 0;
            for (int i = 0; i < length; i++) {
                square += q[v * length + i] * q[v * length + i];
            }
            double norm = Math.sqrt(square);
            for (int i = 0; i < length; i++) {
                q[v * length + i] /= norm;
            }
        }
    }
}
