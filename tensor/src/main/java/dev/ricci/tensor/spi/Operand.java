package dev.ricci.tensor.spi;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;

/**
 * What a kernel sees of a tensor.
 *
 * @param storage the memory
 * @param layout where the elements lie in it
 */
public record Operand(Storage storage, Layout layout) {
    /** Element type. */
    public DType dtype() {
        return storage.dtype();
    }

    /** Shape. */
    public Shape shape() {
        return layout.shape();
    }

    /** The storage as heap storage; CPU kernels only. */
    public HeapStorage heap() {
        return (HeapStorage) storage;
    }

    /** Number of elements. */
    public int size() {
        return layout.shape().size();
    }
}
