package dev.ricci.models.architecture;

import dev.ricci.models.architecture.TensorNames.Stored;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;

/** The tensors of a file under a decoder's paths, read, cut and turned when they are asked for. */
final class DecoderView implements TensorSource {
    private final TensorSource file;
    private final TreeMap<String, Place> places = new TreeMap<>();

    private record Place(Stored stored, int row, Shape shape) {
    }

    /** @param file closed with this */
    DecoderView(TensorSource file, List<Stored> tensors) {
        this.file = file;
        for (Stored s : tensors) {
            int row = 0;
            for (Map.Entry<String, Shape> part : s.parts().entrySet()) {
                places.put(part.getKey(), new Place(s, row, part.getValue()));
                row += part.getValue().dim(0);
            }
        }
    }

    private Place place(String path) {
        Place p = places.get(path);
        if (p == null) {
            throw new TensorException("tensor: a decoder of this kind has no '" + path + "'");
        }
        return p;
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(places.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String path) {
        Place p = place(path);
        return new TensorSpec(file.spec(p.stored.name()).dtype(), p.shape);
    }

    @Override
    public Tensor tensor(String path) {
        Place p = place(path);
        Tensor whole = file.tensor(p.stored.name());
        Tensor turned = p.stored.transposed() ? whole.transpose(0, 1) : whole;
        return p.stored.parts().size() == 1 ? turned : turned.slice(0, p.row, p.row + p.shape.dim(0));
    }

    /** What the file has turned or in one with others must be put right, as floats. */
    @Override
    public Tensor stored(String path) {
        Place p = place(path);
        return p.stored.transposed() || p.stored.parts().size() > 1 ? tensor(path) : file.stored(p.stored.name());
    }

    @Override
    public void close() {
        file.close();
    }
}
