package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.io.TensorSource;
import dev.ricci.tensor.weights.WeightStorage;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Something with parameters (PyTorch's {@code nn.Module}; {@code java.lang} has a {@code Module} already). A subclass
 * registers in its constructor what it owns, and keeps what it gets back in final fields:
 *
 * {@snippet :
 * final class Mlp extends Layer implements Forward {
 *     private final Linear up;
 *     private final Linear down;
 *
 *     Mlp(int width, Rng rng) {
 *         up = child("up", new Linear(width, 4 * width, rng.split("up")));
 *         down = child("down", new Linear(4 * width, width, rng.split("down")));
 *     }
 *
 *     @Override
 *     public Tensor forward(Tensor x) {
 *         return down.forward(up.forward(x).relu());
 *     }
 * }
 * }
 *
 * <p>There is no {@code forward} here, since its arguments belong to the model; layers with one tensor in and one out
 * implement {@link Forward}. There is no train or eval switch either: see {@link Training}. A layer holds no state of a
 * call, so that many threads may evaluate one model at once.
 *
 * <p>Names joined by dots are the paths of Hugging Face and PyTorch files: {@code up.weight}, {@code down.bias}.
 */
public abstract class Layer {
    private final Map<String, Parameter> ownParameters = new LinkedHashMap<>();
    private final Map<String, Variable> ownBuffers = new LinkedHashMap<>();
    private final Map<String, Layer> children = new LinkedHashMap<>();

    /** A layer that owns nothing yet. */
    protected Layer() {
    }

    // ---------------------------------------------------------------- registration

    /**
     * Registers a trainable tensor.
     *
     * @param name unique in this layer, without dots
     * @param init the first value, F32 or F64; copied
     */
    protected final Parameter parameter(String name, Tensor init) {
        checkName(name);
        Parameter p = new Parameter(name, init);
        ownParameters.put(name, p);
        return p;
    }

    /**
     * Registers a trainable F32 tensor whose first value is made when it is first read, and never if a model is loaded
     * before.
     *
     * @param name unique in this layer, without dots
     * @param shape of the value
     * @param init gives it, the same whenever it is called, such as {@code () -> initializer.create(rng, shape)}
     */
    protected final Parameter parameter(String name, Shape shape, Supplier<Tensor> init) {
        checkName(name);
        Parameter p = new Parameter(name, shape, init);
        ownParameters.put(name, p);
        return p;
    }

    /**
     * Registers a parameter that another layer owns too (tied weights). It counts, trains and is saved once, under the
     * path that comes first; {@link #load} accepts either name.
     */
    protected final Parameter parameter(String name, Parameter shared) {
        checkName(name);
        ownParameters.put(name, shared);
        return shared;
    }

    /**
     * Registers a tensor that is saved and loaded but not trained, such as running statistics.
     *
     * @param name unique in this layer, without dots
     * @param init the first value; copied
     */
    protected final Variable buffer(String name, Tensor init) {
        checkName(name);
        Variable v = Variable.of(name, init, false);
        ownBuffers.put(name, v);
        return v;
    }

    /**
     * Registers a part of this layer and returns it.
     *
     * @param name unique in this layer, without dots
     */
    protected final <L extends Layer> L child(String name, L layer) {
        checkName(name);
        if (layer == null || layer == this) {
            throw new TensorException("child: '" + name + "' of " + getClass().getSimpleName() + " must be another layer"
                    + (layer == null ? ", got null" : ", got the layer itself"));
        }
        children.put(name, layer);
        // Errors and optimizer state name a parameter by its path in the outermost layer.
        parameters().forEach((path, p) -> p.moveTo(path));
        buffers().forEach((path, b) -> b.rename(path));
        return layer;
    }

    private void checkName(String name) {
        String where = getClass().getSimpleName();
        if (name == null || name.isEmpty() || name.indexOf('.') >= 0) {
            throw new TensorException("register: a name within " + where + " must not be empty or contain dots, got "
                    + (name == null ? "null" : "'" + name + "'"));
        }
        if (ownParameters.containsKey(name) || ownBuffers.containsKey(name) || children.containsKey(name)) {
            throw new TensorException("register: " + where + " has a '" + name + "' already; names are unique");
        }
    }

    // ---------------------------------------------------------------- what it holds

    private static final class Walk {
        final Map<String, Parameter> parameters = new LinkedHashMap<>();
        final Map<String, Variable> buffers = new LinkedHashMap<>();
        /** Further paths of what was met before, and its first path. */
        final Map<String, String> aliases = new LinkedHashMap<>();
        private final Map<Object, String> met = new IdentityHashMap<>();

        Walk(Layer root) {
            visit(root, "");
        }

        private void visit(Layer layer, String prefix) {
            layer.ownParameters.forEach((name, p) -> meet(prefix + name, p, parameters));
            layer.ownBuffers.forEach((name, b) -> meet(prefix + name, b, buffers));
            layer.children.forEach((name, c) -> visit(c, prefix + name + "."));
        }

        private <T> void meet(String path, T thing, Map<String, T> into) {
            String first = met.putIfAbsent(thing, path);
            if (first == null) {
                into.put(path, thing);
            } else {
                aliases.put(path, first);
            }
        }
    }

    /** The parts, by name, in order of registration. */
    public final Map<String, Layer> children() {
        return Collections.unmodifiableMap(children);
    }

    /** Every parameter of this layer and its parts by path, own ones first; one that is shared stands there once. */
    public final Map<String, Parameter> parameters() {
        return Collections.unmodifiableMap(new Walk(this).parameters);
    }

    /** {@link #parameters()} without the frozen ones. */
    public final Map<String, Parameter> trainableParameters() {
        Map<String, Parameter> all = new LinkedHashMap<>(parameters());
        all.values().removeIf(p -> !p.isTrainable());
        return Collections.unmodifiableMap(all);
    }

    /** Every buffer of this layer and its parts by path. */
    public final Map<String, Variable> buffers() {
        return Collections.unmodifiableMap(new Walk(this).buffers);
    }

    /** Number of elements of all parameters; shared ones count once. */
    public final long parameterCount() {
        return parameters().values().stream().mapToLong(Parameter::size).sum();
    }

    /** Freezes every parameter of this layer and its parts (see {@link Parameter#freeze()}). */
    public final void freeze() {
        parameters().values().forEach(Parameter::freeze);
    }

    /** Makes every parameter of this layer and its parts trainable. */
    public final void unfreeze() {
        parameters().values().forEach(Parameter::unfreeze);
    }

    /** A table of parameters (path, type of the elements, shape, count, whether trained), then buffers, then totals. */
    public final String summary() {
        return Summary.of(this);
    }

    // ---------------------------------------------------------------- saving and loading

    /** Live, untracked values of all parameters and then all buffers by path: what is saved. */
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        cells(new Walk(this)).forEach((path, v) -> state.put(path, v.value().detach()));
        return state;
    }

    /**
     * Replaces all parameters and buffers.
     *
     * @param state values by path, exactly those of {@link #stateDict()}
     * @throws TensorException naming all missing, unexpected and mismatched entries; nothing was written then
     */
    public final void load(Map<String, Tensor> state) {
        Walk walk = new Walk(this);
        Map<String, Tensor> named = resolve(walk, state);
        LoadReport report = compare(cells(walk), named);
        if (!report.isComplete()) {
            throw new TensorException("load: the tensors do not fit " + getClass().getSimpleName() + "; " + report
                    + "\nNothing was loaded. If this is meant, use loadMatching, which loads what fits");
        }
        write(cells(walk), named, report.loaded());
    }

    /**
     * Replaces those parameters and buffers for which {@code state} has a tensor of the same name, shape and element
     * type, and leaves the others as they are.
     *
     * @return what fitted and what did not
     */
    public final LoadReport loadMatching(Map<String, Tensor> state) {
        Walk walk = new Walk(this);
        Map<String, Tensor> named = resolve(walk, state);
        LoadReport report = compare(cells(walk), named);
        write(cells(walk), named, report.loaded());
        return report;
    }

    /**
     * Replaces all parameters and buffers by what an open file holds, one tensor in memory at a time. Floating-point
     * types of the file are converted to those of the layer.
     *
     * @param source values by path, exactly those of {@link #stateDict()}
     * @throws TensorException naming all missing, unexpected and mismatched entries, found before anything was read;
     *     nothing was written then
     */
    public final void load(TensorSource source) {
        load(source, false);
    }

    /**
     * As {@link #load(TensorSource)}, for a model that is to be used and not trained: matrices are kept in the type that
     * the file has, quantised ones too, and decoded as products read them (see {@link TensorSource#stored}). They are
     * frozen. Everything else becomes F32.
     *
     * @param source values by path, exactly those of {@link #stateDict()}
     * @throws TensorException as {@link #load(TensorSource)}
     */
    public final void loadAsStored(TensorSource source) {
        load(source, true);
    }

    /**
     * From now on holds its parameters in another type (PyTorch's {@code double()}): F64 to compare with. Make optimizers
     * and read parameters' cells afterwards.
     *
     * @param dtype F32 or F64
     * @throws TensorException if it has buffers, whose type is part of how they are computed
     */
    public final void convert(DType dtype) {
        Walk walk = new Walk(this);
        if (!walk.buffers.isEmpty()) {
            throw new TensorException("convert: " + getClass().getSimpleName() + " has buffers, which keep their type: "
                    + walk.buffers.keySet());
        }
        walk.parameters.values().forEach(p -> p.convert(dtype));
    }

    private void load(TensorSource source, boolean asStored) {
        Walk walk = new Walk(this);
        Map<String, Variable> cells = cells(walk);
        Map<String, String> names = resolve(walk, cells, source);
        LoadReport report = LoadReport.of(specs(cells), specs(names, source::spec), true);
        if (!report.isComplete()) {
            throw new TensorException("load: the tensors do not fit " + getClass().getSimpleName() + "; " + report
                    + "\nNothing was loaded. If this is meant, use loadMatching, which loads what fits");
        }
        for (String path : report.loaded()) {
            Variable cell = cells.get(path);
            Parameter matrix = asStored && cell.spec().shape().rank() == 2 ? walk.parameters.get(path) : null;
            Tensor stored = matrix == null ? null : source.stored(names.get(path));
            if (stored != null && stored.storage() instanceof WeightStorage) {
                matrix.hold(stored);
            } else {
                cell.assign(read(source, names.get(path), cell));
            }
        }
    }

    private static Map<String, Variable> cells(Walk walk) {
        Map<String, Variable> cells = new LinkedHashMap<>();
        walk.parameters.forEach((path, p) -> cells.put(path, p.variable()));
        cells.putAll(walk.buffers);
        return cells;
    }

    /** Entries under a further name of something shared, moved to its first name. */
    private static Map<String, Tensor> resolve(Walk walk, Map<String, Tensor> state) {
        Map<String, Tensor> named = new LinkedHashMap<>(state);
        walk.aliases.forEach((alias, first) -> {
            Tensor t = named.remove(alias);
            Tensor other = t == null ? null : named.putIfAbsent(first, t);
            if (other != null && other != t && !sameValues(other, t)) {
                throw new TensorException("load: '" + first + "' and '" + alias + "' are one shared tensor here, but "
                        + other.spec() + " and " + t.spec() + " with other values in the state");
            }
        });
        return named;
    }

    /** As the other for a file: for each path the name under which it stands there. */
    private static Map<String, String> resolve(Walk walk, Map<String, Variable> cells, TensorSource source) {
        Map<String, String> names = new LinkedHashMap<>();
        source.names().forEach(name -> names.put(name, name));
        walk.aliases.forEach((alias, first) -> {
            String other = names.remove(alias) == null ? null : names.putIfAbsent(first, alias);
            if (other != null && !sameValues(read(source, other, cells.get(first)),
                    read(source, alias, cells.get(first)))) {
                throw new TensorException("load: '" + other + "' and '" + alias + "' are one shared tensor here, but "
                        + source.spec(other) + " and " + source.spec(alias) + " with other values in the file");
            }
        });
        return names;
    }

    private static Tensor read(TensorSource source, String name, Variable cell) {
        Tensor t = source.tensor(name);
        return t.dtype().isFloating() && cell.spec().dtype().isFloating() ? t.to(cell.spec().dtype()) : t;
    }

    private static boolean sameValues(Tensor a, Tensor b) {
        return a.spec().equals(b.spec()) && NoGrad.call(() -> a.eq(b).all().item()) != 0;
    }

    private static LoadReport compare(Map<String, Variable> cells, Map<String, Tensor> state) {
        return LoadReport.of(specs(cells), specs(state, Tensor::spec), false);
    }

    private static Map<String, TensorSpec> specs(Map<String, Variable> cells) {
        return specs(cells, Variable::spec);
    }

    private static <T> Map<String, TensorSpec> specs(Map<String, T> things, Function<T, TensorSpec> spec) {
        Map<String, TensorSpec> specs = new LinkedHashMap<>();
        things.forEach((path, thing) -> specs.put(path, spec.apply(thing)));
        return specs;
    }

    private static void write(Map<String, Variable> cells, Map<String, Tensor> state, List<String> paths) {
        paths.forEach(path -> cells.get(path).assign(state.get(path)));
    }

    /** The class and the number of parameters. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + " with " + parameterCount() + " parameters";
    }
}
