package dev.ricci.models.architecture;

import dev.ricci.models.architecture.TensorNames.Stored;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** A decoder's tensors under the names of a file, put together and turned when they are asked for. */
final class FileView implements TensorSource {
    private final Map<String, Tensor> state;
    private final BiFunction<String, Tensor, Tensor> change;
    private final TreeMap<String, Stored> byName = new TreeMap<>();

    /**
     * @param state by the decoder's paths
     * @param change what is done to each tensor, given with its path; shapes stay
     */
    FileView(Map<String, Tensor> state, BiFunction<String, Tensor, Tensor> change, List<Stored> tensors) {
        this.state = state;
        this.change = change;
        tensors.forEach(s -> byName.put(s.name(), s));
    }

    private Stored entry(String name) {
        Stored s = byName.get(name);
        if (s == null) {
            throw new TensorException("tensor: there is no '" + name + "'");
        }
        return s;
    }

    private Tensor part(String path) {
        Tensor t = state.get(path);
        if (t == null) {
            throw new TensorException("tensor: the decoder's state has no '" + path + "'");
        }
        return t;
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(byName.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String name) {
        Stored s = entry(name);
        return new TensorSpec(part(s.parts().keySet().iterator().next()).dtype(), s.shape());
    }

    @Override
    public Tensor tensor(String name) {
        Stored s = entry(name);
        Tensor[] parts = s.parts().keySet().stream().map(path -> change.apply(path, part(path))).toArray(Tensor[]::new);
        Tensor whole = parts.length == 1 ? parts[0] : Tensor.cat(0, parts);
        return s.transposed() ? whole.transpose(0, 1) : whole;
    }

    @Override
    public void close() {
        // The state belongs to the model.
    }
}
