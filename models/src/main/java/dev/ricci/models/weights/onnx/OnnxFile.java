package dev.ricci.models.weights.onnx;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.io.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * An open ONNX model as a source of weights, memory-mapped: the tensors are its initialisers, and the nodes say what
 * each is for. Nothing is computed. The file must not change while it is open. Thread-safe.
 *
 * <p>Element types that tensors lack are read as the next wider one, as in safetensors files. Nodes, names and small
 * integers take at most 128 times their bytes on the heap; elements in raw form lie in the file until they are asked for.
 */
public final class OnnxFile implements TensorSource {
    private static final long MAX_BYTES = Integer.MAX_VALUE;

    private final Path path;
    private final Arena arena;
    private final List<OnnxNode> nodes;
    private final TreeMap<String, OnnxInitializer> initializers;
    private final Map<String, MemorySegment> constants;

    private OnnxFile(Path path, Arena arena, MemorySegment mapped) {
        this.path = path;
        this.arena = arena;
        OnnxReader.Graph graph = OnnxReader.read(mapped, path.toString());
        this.nodes = graph.nodes();
        this.initializers = new TreeMap<>(graph.initializers());
        this.constants = graph.constants();
    }

    /**
     * Opens a file.
     *
     * @throws FormatException naming the file, if it is no ONNX model or truncated; if it has two initialisers of one
     *     name, sparse ones, ones whose elements are texts or lie in another file, or are more or fewer than the shape says
     * @throws IOException if it cannot be read
     */
    public static OnnxFile open(Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() > MAX_BYTES) {
                throw new FormatException(path + ": not an ONNX model: " + channel.size()
                        + " bytes are more than the 2 GiB that a message can have");
            }
            return new OnnxFile(path, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
    }

    /** The nodes, in the file's order, in which each comes after those that it takes values from. */
    public List<OnnxNode> nodes() {
        return nodes;
    }

    /**
     * The initialisers that nodes of one type take, in the order of the nodes and their inputs: by this a weight that has
     * no telling name is known. One that several nodes take is there as often.
     *
     * @param opType such as {@code MatMul}
     */
    public List<String> initializersOf(String opType) {
        return nodes.stream().filter(n -> n.opType().equals(opType)).flatMap(n -> n.inputs().stream())
                .filter(initializers::containsKey).toList();
    }

    /**
     * The tensor that a node of type {@code Constant} gives: a graph keeps sizes and small numbers there.
     *
     * @param value the name of the node's output
     * @return empty if no such node gives it
     * @throws FormatException if the tensor is malformed or of texts
     */
    public Optional<Tensor> constant(String value) {
        MemorySegment message = constants.get(value);
        if (message == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(tensor(OnnxInitializer.read(new Protobuf(message, path.toString()), path.toString())));
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    @Override
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(initializers.navigableKeySet());
    }

    @Override
    public TensorSpec spec(String name) {
        return initializer(name).spec();
    }

    @Override
    public Tensor tensor(String name) {
        return tensor(initializer(name));
    }

    private Tensor tensor(OnnxInitializer t) {
        try {
            return Tensor.wrap(t.stored().read(t.bytes(), path + ": initialiser '" + t.name() + "'"), t.shape());
        } catch (IllegalStateException e) {
            throw closed(e);
        }
    }

    private TensorException closed(IllegalStateException cause) {
        return new TensorException("tensor: " + path + " was closed; read what you need before", cause);
    }

    private OnnxInitializer initializer(String name) {
        OnnxInitializer t = initializers.get(name);
        if (t == null) {
            throw new TensorException("tensor: " + path + " has no initialiser '" + name + "'; it has "
                    + (initializers.size() <= 8 ? initializers.keySet() : initializers.size() + ", from '"
                    + initializers.firstKey() + "' to '" + initializers.lastKey() + "'"));
        }
        return t;
    }

    /** Unmaps the file. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
