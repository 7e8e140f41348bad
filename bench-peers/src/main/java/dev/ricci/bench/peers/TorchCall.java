package dev.ricci.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.bench.Contestant;
import dev.ricci.tensor.Tensor;
import java.util.List;

/** One function in TorchScript, called again and again with the same inputs, forward or also backward. */
final class TorchCall {
    private final PtNDManager manager = Torch.manager();
    private final TorchFunction function;
    private final NDList leaves = new NDList();
    private final NDList others = new NDList();
    private final PtNDArray above;
    /** What the last call made; freed by the next. */
    private PtNDManager scope;
    private NDArray result;

    /**
     * @param signature first of the leaves, then of the others
     * @param leaves whose gradients are wanted, or at least prepared; the first one's is the result
     * @param above the gradient that comes from above; null to run forward only
     */
    TorchCall(String signature, String body, List<Tensor> leaves, List<Tensor> others, Tensor above) {
        this.function = new TorchFunction(manager, signature, "Tensor", body);
        leaves.forEach(t -> this.leaves.add(Torch.copy(manager, t)));
        others.forEach(t -> this.others.add(Torch.copy(manager, t)));
        this.above = above == null ? null : Torch.copy(manager, above);
    }

    Contestant contestant(int operations) {
        return new Contestant(operations, this::run, () -> result.toType(DataType.FLOAT32, false).toFloatArray(),
                this::close);
    }

    private void run() {
        if (scope != null) {
            scope.close();
        }
        scope = (PtNDManager) manager.newSubManager();
        NDList inputs = new NDList();
        leaves.forEach(leaf -> inputs.add(Torch.leaf(scope, leaf)));
        PtNDArray first = inputs.isEmpty() ? null : (PtNDArray) inputs.getFirst();
        inputs.addAll(others);
        JniUtils.setGradMode(first != null);
        PtNDArray value = (PtNDArray) function.run(inputs).singletonOrThrow();
        value.attach(scope);
        if (above == null) {
            result = value;
        } else {
            JniUtils.backward(value, above, false, false);
            result = first.getGradient();
            result.attach(scope);
        }
        JniUtils.setGradMode(false);
    }

    private void close() {
        function.close();
        manager.close();
    }
}
