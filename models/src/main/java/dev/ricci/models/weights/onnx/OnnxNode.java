package dev.ricci.models.weights.onnx;

import java.util.List;
import java.util.Map;

/**
 * One operation of an ONNX graph.
 *
 * @param name may be empty
 * @param opType such as {@code MatMul}
 * @param inputs names of values and initialisers; empty where an optional one is left out
 * @param outputs names of values
 * @param attributes by name: {@link Long}, {@link Float}, {@link String}, {@code long[]}, {@code float[]},
 *     {@code List<String>}; those of other types (tensors, graphs) are left out
 */
public record OnnxNode(String name, String opType, List<String> inputs, List<String> outputs,
        Map<String, Object> attributes) {
    /** Copies the lists and the map. */
    public OnnxNode {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = Map.copyOf(attributes);
    }

    /** Such as {@code MatMul(x, w) -> y}. */
    @Override
    public String toString() {
        return opType + "(" + String.join(", ", inputs) + ") -> " + String.join(", ", outputs);
    }
}
