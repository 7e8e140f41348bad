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

    /** The storage as heap storage, decoded if it keeps its elements otherwise; CPU kernels only. */
    public HeapStorage heap() {
        return (HeapStorage) storage.plain();
    }

    /** These operands with elements in plain arrays: the same array of operands if all are. */
    public static Operand[] plain(Operand[] operands) {
        Operand[] plain = operands;
        for (int i = 0; i < operands.length; i++) {
            Storage storage = operands[i].storage.plain();
            if (storage != operands[i].storage) {
                plain = plain == operands ? operands.clone() : plain;
                plain[i] = new Operand(storage, operands[i].layout);
            }
        }
        return plain;
    }

    /** Number of elements. */
    public int size() {
        return layout.shape().size();
    }
}
