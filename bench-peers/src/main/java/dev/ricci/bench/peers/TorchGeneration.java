package dev.ricci.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;
import dev.ricci.bench.Workload;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** The next token's logits in libtorch, behind a cache of keys and values that Ricci has filled. */
final class TorchGeneration implements AutoCloseable {
    private final PtNDManager manager = Torch.manager();
    private final NDList inputs = new NDList();
    private final TorchFunction function;
    private NDArray logits;

    TorchGeneration(Workload.Decode w) {
        Decoder model = w.model();
        KvCache cache = model.newCache(1);
        NoGrad.run(() -> model.nextLogits(w.prompt(), cache));
        Map<String, Tensor> weights = model.stateDict();
        inputs.add(Torch.copy(manager, w.next()));
        weights.values().forEach(t -> add("p[]", t));
        for (int i = 0; i < cache.layers(); i++) {
            add("kc[]", cache.slot(i).keys(cache.capacity()));
        }
        for (int i = 0; i < cache.layers(); i++) {
            add("vc[]", cache.slot(i).values(cache.capacity()));
        }
        function = new TorchFunction(manager, "ids: Tensor, p: List[Tensor], kc: List[Tensor], vc: List[Tensor]",
                "Tensor", new TorchModelText(model.config(), List.copyOf(weights.keySet())).nextLogits(w.context()));
    }

    private void add(String name, Tensor t) {
        NDArray a = Torch.copy(manager, t);
        a.setName(name);
        inputs.add(a);
    }

    void next() {
        if (logits != null) {
            logits.close();
        }
        JniUtils.setGradMode(false);
        logits = function.run(inputs).singletonOrThrow();
    }

    float[] logits() {
        return logits.toFloatArray();
    }

    @Override
    public void close() {
        function.close();
        manager.close();
    }
}
