package dev.ricci.models.weights.onnx;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The weights of an ONNX model that was exported from PyTorch, under the names that they had there. The exporter keeps
 * the names of biases, norms and embeddings, but folds the transposition of each linear layer's weight into an unnamed
 * initialiser [in, out] of a MatMul. The bias that is added to the product, or the path in the node's name where there is
 * none, says whose weight it is; it is given as {@code path.weight} [out, in].
 *
 * <p>Integer initialisers without a name of PyTorch are the graph's own constants and left out.
 */
public final class OnnxWeights implements TensorSource {
    private static final String UNNAMED = "onnx::";
    private static final String BIAS = ".bias";
    private static final Pattern NODE = Pattern.compile("/(.+)/MatMul(?:_\\d+)?");

    private final OnnxFile file;
    /** By name: the initialiser, and whether it is transposed. */
    private final TreeMap<String, Origin> origins = new TreeMap<>();

    private record Origin(String initializer, boolean transposed) {
    }

    /**
     * @param file whose weights these are; closed with this
     */
    public OnnxWeights(OnnxFile file) {
        this.file = file;
        Set<String> renamed = new HashSet<>();
        Map<String, String> biases = biasesByProduct();
        for (OnnxNode node : file.nodes()) {
            if (!node.opType().equals("MatMul") || node.inputs().size() != 2 || node.outputs().size() != 1) {
                continue;
            }
            String weight = node.inputs().get(1);
            String path = path(node, biases);
            if (path != null && file.names().contains(weight) && weight.startsWith(UNNAMED)
                    && file.spec(weight).shape().rank() == 2 && !file.names().contains(path + ".weight")) {
                origins.put(path + ".weight", new Origin(weight, true));
                renamed.add(weight);
            }
        }
        for (String name : file.names()) {
            boolean constant = name.startsWith(UNNAMED) && !file.spec(name).dtype().isFloating();
            if (!constant && !renamed.contains(name)) {
                origins.put(name, new Origin(name, false));
            }
        }
    }

    /** For the output of each node to which a bias is added: the layer's path. */
    private Map<String, String> biasesByProduct() {
        Map<String, String> paths = new HashMap<>();
        for (OnnxNode node : file.nodes()) {
            List<String> in = node.inputs();
            for (int i = 0; node.opType().equals("Add") && in.size() == 2 && i < 2; i++) {
                if (in.get(i).endsWith(BIAS) && file.names().contains(in.get(i))) {
                    paths.put(in.get(1 - i), in.get(i).substring(0, in.get(i).length() - BIAS.length()));
                }
            }
        }
        return paths;
    }

    private static String path(OnnxNode node, Map<String, String> biases) {
        String path = biases.get(node.outputs().getFirst());
        if (path != null) {
            return path;
        }
        Matcher m = NODE.matcher(node.name());
        return m.matches() ? m.group(1).replace('/', '.') : null;
    }

    /** The initialiser that a weight is made of. */
    public String initializer(String name) {
        Origin o = origins.get(name);
        return o == null ? name : o.initializer;
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(origins.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String name) {
        Origin o = origins.get(name);
        TensorSpec spec = file.spec(initializer(name));
        return o != null && o.transposed ? spec.with(spec.shape().remove(0).insert(1, spec.shape().dim(0))) : spec;
    }

    @Override
    public Tensor tensor(String name) {
        Origin o = origins.get(name);
        Tensor t = file.tensor(initializer(name));
        return o != null && o.transposed ? t.transpose(0, 1) : t;
    }

    @Override
    public void close() {
        file.close();
    }
}
