package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.TensorSpec;

/**
 * Where and how a tensor lies in a GGUF file.
 *
 * @param name its name
 * @param type of its blocks
 * @param shape sizes of the axes, outermost first (the file holds them innermost first)
 * @param offset first byte, counted from the start of the tensors' bytes
 */
public record GgufTensorInfo(String name, GgufType type, Shape shape, long offset) {
    /** Number of bytes. */
    public long bytes() {
        return type.bytes(shape.size());
    }

    /** Type and shape of the tensor that is made of it. */
    public TensorSpec spec() {
        return new TensorSpec(type.readAs(), shape);
    }

    /** Such as {@code blk.0.attn_q.weight Q4_0[64, 64]}. */
    @Override
    public String toString() {
        return name + " " + type + shape;
    }
}
