package dev.ricci.models.weights.onnx;

import dev.ricci.tensor.FormatException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the graph of a model: its nodes and initialisers. Numbers of fields are those of the format's onnx.proto. */
final class OnnxReader {
    private static final int MODEL_GRAPH = 7;
    private static final int GRAPH_NODE = 1;
    private static final int GRAPH_INITIALIZER = 5;
    private static final int GRAPH_SPARSE_INITIALIZER = 15;

    private final String source;
    private final List<OnnxNode> nodes = new ArrayList<>();
    private final Map<String, OnnxInitializer> initializers = new LinkedHashMap<>();
    private final Map<String, MemorySegment> constants = new HashMap<>();

    private OnnxReader(String source) {
        this.source = source;
    }

    /**
     * A graph.
     *
     * @param nodes in their order
     * @param initializers by name, in their order
     * @param constants messages of the tensors that nodes of type Constant give, by the name of their value
     */
    record Graph(List<OnnxNode> nodes, Map<String, OnnxInitializer> initializers, Map<String, MemorySegment> constants) {
    }

    static Graph read(MemorySegment file, String source) {
        Protobuf model = new Protobuf(file, source);
        OnnxReader reader = null;
        while (model.next()) {
            if (model.field() != MODEL_GRAPH) {
                model.skip();
                continue;
            }
            if (reader != null) {
                throw new FormatException(source + ": two graphs; an ONNX model has one");
            }
            reader = new OnnxReader(source);
            reader.graph(model.message(source + ": graph"));
        }
        if (reader == null) {
            throw new FormatException(source + ": not an ONNX model: it has no graph");
        }
        return new Graph(List.copyOf(reader.nodes), reader.initializers, reader.constants);
    }

    private void graph(Protobuf graph) {
        while (graph.next()) {
            switch (graph.field()) {
                case GRAPH_NODE -> nodes.add(node(graph.message(source)));
                case GRAPH_INITIALIZER -> {
                    OnnxInitializer t = OnnxInitializer.read(graph.message(source), source);
                    if (initializers.put(t.name(), t) != null) {
                        throw new FormatException(source + ": two initialisers are called '"
                                + OnnxInitializer.abbreviate(t.name()) + "'");
                    }
                }
                case GRAPH_SPARSE_INITIALIZER -> throw new FormatException(source + ": sparse initialisers are not read;"
                        + " export the model with dense ones");
                default -> graph.skip();
            }
        }
    }

    private OnnxNode node(Protobuf in) {
        String name = "";
        String opType = "";
        List<String> inputs = new ArrayList<>(0);
        List<String> outputs = new ArrayList<>(0);
        Map<String, Object> attributes = Map.of();
        MemorySegment tensor = null;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> inputs.add(in.string());
                case 2 -> outputs.add(in.string());
                case 3 -> name = in.string();
                case 4 -> opType = in.string();
                case 5 -> {
                    attributes = attributes.isEmpty() ? new LinkedHashMap<>(4) : attributes;
                    MemorySegment found = attribute(in.message(source), attributes);
                    tensor = found == null ? tensor : found;
                }
                default -> in.skip();
            }
        }
        if (opType.equals("Constant") && tensor != null && outputs.size() == 1) {
            constants.put(outputs.getFirst(), tensor);
        }
        return new OnnxNode(name, opType, inputs, outputs, attributes);
    }

    /** Returns the message of the tensor, if the attribute is one. */
    private static MemorySegment attribute(Protobuf in, Map<String, Object> into) {
        String name = "";
        int type = 0;
        float f = 0;
        long i = 0;
        String s = "";
        MemorySegment tensor = null;
        float[] floats = {};
        long[] ints = {};
        List<String> strings = new ArrayList<>(0);
        int nFloats = 0;
        int nInts = 0;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> name = in.string();
                case 2 -> f = in.floating();
                case 3 -> i = in.integer();
                case 4 -> s = in.string();
                case 5 -> tensor = in.segment();
                case 7 -> {
                    if (in.isPacked()) {
                        MemorySegment all = in.segment();
                        int n = (int) (all.byteSize() / 4);
                        floats = Arrays.copyOf(floats, nFloats + n);
                        MemorySegment.copy(all, OnnxInitializer.FLOAT, 0, floats, nFloats, n);
                        nFloats += n;
                    } else {
                        floats = nFloats < floats.length ? floats : Arrays.copyOf(floats, 2 * nFloats + 1);
                        floats[nFloats++] = in.floating();
                    }
                }
                case 8 -> {
                    Protobuf all = in.isPacked() ? in.packed() : null;
                    while (all == null || all.hasMore()) {
                        ints = nInts < ints.length ? ints : Arrays.copyOf(ints, 2 * nInts + 1);
                        ints[nInts++] = all == null ? in.integer() : all.varint();
                        if (all == null) {
                            break;
                        }
                    }
                }
                case 9 -> strings.add(in.string());
                case 20 -> type = (int) in.integer();
                default -> in.skip();
            }
        }
        Object value = switch (type) {
            case 1 -> f;
            case 2 -> i;
            case 3 -> s;
            case 6 -> Arrays.copyOf(floats, nFloats);
            case 7 -> Arrays.copyOf(ints, nInts);
            case 8 -> List.copyOf(strings);
            default -> null;
        };
        if (value != null) {
            into.put(name, value);
        }
        return type == 4 ? tensor : null;
    }
}
