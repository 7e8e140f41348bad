package dev.ricci.tensor.program;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.TensorSpec;

/**
 * What an op of a program reads or writes.
 *
 * @param buffer the memory
 * @param layout where the elements lie in it, counted from the buffer's first
 */
public record Value(Buffer buffer, Layout layout) {
    /** Type and shape. */
    public TensorSpec spec() {
        return new TensorSpec(buffer.dtype(), layout.shape());
    }

    /** Whether it is all of its buffer, row-major. */
    public boolean isWhole() {
        return layout.isDense() && layout.offset() == 0 && layout.shape().size() == buffer.size();
    }
}
