package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import java.util.Map;
import java.util.SortedSet;

/**
 * An open file, or several that belong together, with tensors by name: types and shapes are known at once, elements are
 * read when they are asked for. Implementations are thread-safe.
 */
public interface TensorSource extends AutoCloseable {
    /** The names of the tensors, ascending. */
    SortedSet<String> names();

    /**
     * Type and shape of what {@link #tensor} gives.
     *
     * @throws TensorException if there is none of this name
     */
    TensorSpec spec(String name);

    /**
     * A copy of a tensor on the heap, read anew by each call.
     *
     * @throws TensorException if there is none of this name, or the source is closed
     * @throws FormatException if its bytes are no elements of its type
     */
    Tensor tensor(String name);

    /**
     * A tensor with its elements kept as the file has them: a matrix of floats, quantised or not, is an F32 tensor over
     * {@link dev.ricci.tensor.weights.WeightStorage}, which products and look-ups of rows read as it is. Everything else,
     * and whatever an implementation has no such form of, is as {@link #tensor} gives it.
     *
     * @throws TensorException as {@link #tensor}
     */
    default Tensor stored(String name) {
        return tensor(name);
    }

    /** All tensors as an unmodifiable map that reads a tensor each time it is asked for one. */
    default Map<String, Tensor> asMap() {
        return new LazyTensors(this);
    }

    /** Lets go of the files; what was read stays. */
    @Override
    void close();
}
