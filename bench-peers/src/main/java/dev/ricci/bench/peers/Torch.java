package dev.ricci.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.stream.IntStream;

/** Tensors there and back, and gradients. */
final class Torch {
    private Torch() {
    }

    /** A copy in libtorch's memory. */
    static PtNDArray copy(NDManager manager, Tensor t) {
        ai.djl.ndarray.types.Shape shape = new ai.djl.ndarray.types.Shape(
                IntStream.range(0, t.rank()).mapToLong(t::dim).toArray());
        NDArray a = switch (t.dtype()) {
            case DType.F32 -> manager.create(t.toFloatArray(), shape);
            case DType.F64 -> manager.create(t.toDoubleArray(), shape);
            // libtorch indexes with int64 only.
            case DType.I32, DType.I64 -> manager.create(t.toLongArray(), shape);
            case DType.BOOL -> booleans(manager, t, shape);
            default -> throw new TensorException("torch: no copy of " + t.spec());
        };
        return (PtNDArray) a;
    }

    private static NDArray booleans(NDManager manager, Tensor t, ai.djl.ndarray.types.Shape shape) {
        long[] values = t.to(DType.I64).toLongArray();
        boolean[] truth = new boolean[values.length];
        for (int i = 0; i < truth.length; i++) {
            truth[i] = values[i] != 0;
        }
        return manager.create(truth, shape);
    }

    /** A double scalar: numbers that change from call to call. */
    static PtNDArray scalar(NDManager manager, double value) {
        return (PtNDArray) manager.create(value);
    }

    /** A leaf that shares the memory of {@code a}, has no gradient yet, and gets one. */
    static PtNDArray leaf(NDManager manager, NDArray a) {
        PtNDArray leaf = JniUtils.detachGradient((PtNDArray) a);
        leaf.attach(manager);
        leaf.setRequiresGradient(true);
        return leaf;
    }

    /** Values in row-major order, whatever the type. */
    static double[] values(NDArray a) {
        return a.toType(DataType.FLOAT64, false).toDoubleArray();
    }

    /** The shape, as Ricci's. */
    static Shape shape(NDArray a) {
        long[] dims = a.getShape().getShape();
        int[] sizes = new int[dims.length];
        for (int i = 0; i < dims.length; i++) {
            sizes[i] = Math.toIntExact(dims[i]);
        }
        return Shape.of(sizes);
    }

    /** How many threads libtorch uses for one operation. */
    static void threads(int n) {
        // The engine first: it loads the native library.
        Engine.getEngine("PyTorch");
        JniUtils.setNumThreads(n);
    }

    /** A new manager: what it owns is freed with it. */
    static PtNDManager manager() {
        return (PtNDManager) NDManager.newBaseManager("PyTorch");
    }
}
