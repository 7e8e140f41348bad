package dev.ricci.models.encoder;

import dev.ricci.models.weights.onnx.OnnxFile;
import dev.ricci.models.weights.onnx.OnnxNode;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The configuration of an encoder as its ONNX graph tells it: sizes from the shapes of weights, the number of heads from
 * the reshape that makes them, eps from the first norm, the activation from its nodes. What the graph does not tell is
 * refused, never guessed.
 */
final class OnnxShape {
    private final OnnxFile file;
    private final Function<String, Shape> shapes;
    private final Map<String, OnnxNode> makers = new HashMap<>();

    private OnnxShape(OnnxFile file, Function<String, Shape> shapes) {
        this.file = file;
        this.shapes = shapes;
        file.nodes().forEach(n -> n.outputs().forEach(o -> makers.put(o, n)));
    }

    /**
     * The configuration, with a pooler.
     *
     * @param layers number of blocks
     * @param shapes of the weights by their names in {@link Encoder}
     * @throws FormatException if the graph is no such encoder, or does not tell
     */
    static EncoderConfig of(OnnxFile file, int layers, Function<String, Shape> shapes) {
        OnnxShape graph = new OnnxShape(file, shapes);
        Shape words = graph.matrix("embeddings.word_embeddings.weight");
        return new EncoderConfig(words.dim(0), graph.matrix("embeddings.position_embeddings.weight").dim(0), 0,
                graph.matrix("embeddings.token_type_embeddings.weight").dim(0), layers, graph.heads(words.dim(1)),
                words.dim(1), graph.matrix("encoder.layer.0.intermediate.dense.weight").dim(0), graph.activation(layers),
                graph.eps(), 0, true);
    }

    private Shape matrix(String name) {
        Shape shape = shapes.apply(name);
        if (shape.rank() != 2) {
            throw new FormatException("onnx encoder: " + name + " must be a matrix, is " + shape);
        }
        return shape;
    }

    /** Hidden states become heads by a reshape to sizes that end in the number of heads and the width of one. */
    private int heads(int width) {
        Set<Integer> found = new TreeSet<>();
        for (OnnxNode n : file.nodes()) {
            if (n.opType().equals("Concat") && n.inputs().size() == 4) {
                double heads = single(n.inputs().get(2));
                double each = single(n.inputs().get(3));
                if (heads * each == width && heads > 0) {
                    found.add((int) heads);
                }
            }
        }
        if (found.size() != 1) {
            throw unknown("the number of heads", found.isEmpty() ? "" : ", which could be any of " + found);
        }
        return found.iterator().next();
    }

    /** The number that is added to a variance before its root is taken. */
    private double eps() {
        Set<Double> found = new TreeSet<>();
        for (OnnxNode n : file.nodes()) {
            OnnxNode sum = n.opType().equals("Sqrt") && !n.inputs().isEmpty() ? makers.get(n.inputs().getFirst()) : null;
            if (sum != null && sum.opType().equals("Add") && sum.inputs().size() == 2) {
                sum.inputs().stream().map(this::single).filter(v -> !Double.isNaN(v)).forEach(found::add);
            } else if (n.opType().equals("LayerNormalization")) {
                found.add(n.attributes().get("epsilon") instanceof Float f ? (double) f : 1e-5);
            }
        }
        if (found.size() != 1) {
            throw unknown("eps of the norms", found.isEmpty() ? "" : ", which could be any of " + found);
        }
        // The graph has it as a float: the decimal number that was meant is the shortest that rounds to it.
        return Double.parseDouble(Float.toString(found.iterator().next().floatValue()));
    }

    private Activation activation(int layers) {
        long erf = file.nodes().stream().filter(n -> n.opType().equals("Erf")
                || n.opType().equals("Gelu") && !"tanh".equals(n.attributes().get("approximate"))).count();
        if (erf != layers) {
            throw unknown("the activation", "; known is GELU by the error function");
        }
        return Activation.GELU;
    }

    /** The one number of a constant or initialiser; NaN if it is none. */
    private double single(String value) {
        Tensor t = file.names().contains(value) && file.spec(value).shape().size() == 1 ? file.tensor(value)
                : file.constant(value).orElse(null);
        return t == null || t.size() != 1 ? Double.NaN : t.toDoubleArray()[0];
    }

    private static FormatException unknown(String what, String more) {
        return new FormatException("onnx encoder: the graph does not tell " + what + more
                + "; put the model's config.json beside the file");
    }

    /** How many blocks there are names of. */
    static int layers(Iterable<String> names) {
        int layers = 0;
        String prefix = "encoder.layer.";
        for (String name : names) {
            List<String> parts = List.of(name.split("\\."));
            if (name.startsWith(prefix) && parts.size() > 2 && parts.get(2).matches("\\d{1,4}")) {
                layers = Math.max(layers, Integer.parseInt(parts.get(2)) + 1);
            }
        }
        return layers;
    }
}
