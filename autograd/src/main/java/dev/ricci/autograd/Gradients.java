package dev.ricci.autograd;

import dev.ricci.autograd.Backward.Key;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Provenance;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.Workspace;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The gradients that one backward pass found: of the leaves (tracked {@link Variable}s and {@link Tensor#tracked()}),
 * and of the interior tensors that were asked for. Immutable until {@link #release()}. A gradient has its tensor's shape
 * and type (F32 for a tensor of a type that only stores).
 *
 * <p>Where a function has no derivative: relu, abs and sign have 0 at 0; maximum, minimum and the reductions max and
 * min share the gradient equally among equals (so clamp has half at its bounds); floor, ceil, round, sign, comparisons
 * and indices have none.
 *
 * <p>Nothing here reads a value on the host, so all of it can be captured.
 */
public final class Gradients {
    private static final double CLIP_EPS = 1e-6;
    private static final TensorSpec SCALE = new TensorSpec(DType.F32, Shape.scalar());

    /** How a backward pass runs. */
    public enum Option {
        /** See {@link Gradients#keepGraph()}. */
        KEEP_GRAPH,
        /** See {@link Gradients#reuseMemory()}. */
        REUSE_MEMORY
    }

    /**
     * A value and its gradients.
     *
     * @param value the loss, a scalar, not tracked
     * @param gradients of the loss
     */
    public record ValueAndGrad(Tensor value, Gradients gradients) {
    }

    private final Map<Key, Tensor> found;
    private final Tensor scale;

    private Gradients(Map<Key, Tensor> found, Tensor scale) {
        this.found = found;
        this.scale = scale;
    }

    /**
     * Keeps the graph for another backward pass through it, and tracks the gradients themselves, so that they can be
     * differentiated again. Without it each node's saved values go as soon as they are used.
     */
    public static Option keepGraph() {
        return Option.KEEP_GRAPH;
    }

    /**
     * Uses the memory of the graph again as soon as its gradients are known, for a promise: no tensor on the way to the
     * loss is read after the backward pass. Reading one throws. What stays readable: the loss, parameters, whatever was
     * not tracked, and the {@link Tensor#detach()} of anything, taken before. With {@link #release()} after the
     * optimizer's step, a training step then needs almost no new memory.
     */
    public static Option reuseMemory() {
        return Option.REUSE_MEMORY;
    }

    /**
     * Gives the memory of these gradients back, to be used again by the next backward pass. Reading one of them
     * afterwards throws. It need not be called; the garbage collector then takes them, later.
     */
    public void release() {
        found.values().forEach(g -> g.storage().letGo());
        found.clear();
    }

    /**
     * Gradients of the leaves that a loss came from. A loss that is NaN gives NaN gradients, not an error.
     *
     * @param loss a tracked scalar
     * @throws TensorException if the loss is no scalar, not floating or not tracked; if the graph was freed by an
     *     earlier pass; if a saved value was changed in place since
     */
    public static Gradients of(Tensor loss, Option... options) {
        return of(loss, List.of(), options);
    }

    /**
     * Gradients of the leaves that a loss came from, and of the tensors asked for.
     *
     * @param loss a tracked scalar
     * @param wrt tracked tensors, interior ones too
     * @throws TensorException as for {@link #of(Tensor, Option...)}, and if a tensor asked for is not tracked
     */
    public static Gradients of(Tensor loss, List<Tensor> wrt, Option... options) {
        if (!loss.dtype().isComputable()) {
            throw new DTypeException("gradients: the loss must be F32 or F64, got " + loss.spec()
                    + "; convert it with to(DType.F32)");
        }
        if (loss.rank() != 0) {
            throw new ShapeException("gradients: the loss must be a scalar, got " + loss.spec()
                    + "; reduce it with mean() or sum(), or use Gradients.vectorJacobian");
        }
        return vectorJacobian(List.of(loss), List.of(Tensor.full(Shape.scalar(), loss.dtype(), 1)), wrt, options);
    }

    /**
     * The product of given gradients with the Jacobian: gradients of sum(outputs[i] * seeds[i]) over all i.
     *
     * @param outputs tracked tensors of any shape
     * @param seeds the gradient of each output, of its shape and type
     * @param wrt tracked tensors whose gradients are kept beside the leaves'
     * @throws TensorException as for {@link #of(Tensor, List, Option...)}, and if a seed does not fit
     */
    public static Gradients vectorJacobian(List<Tensor> outputs, List<Tensor> seeds, List<Tensor> wrt,
            Option... options) {
        if (outputs.size() != seeds.size()) {
            throw new TensorException("gradients: " + outputs.size() + " outputs need as many seeds, got "
                    + seeds.size());
        }
        for (int i = 0; i < outputs.size(); i++) {
            Tensor y = outputs.get(i);
            requireTracked(y, outputs.size() == 1 ? "the loss" : "output " + i);
            if (!seeds.get(i).spec().equals(Backward.gradientSpec(y.spec()))) {
                throw new ShapeException("gradients: seed " + i + " must be " + Backward.gradientSpec(y.spec())
                        + " like its output, got " + seeds.get(i).spec());
            }
        }
        Set<Key> wanted = new HashSet<>();
        for (int i = 0; i < wrt.size(); i++) {
            requireTracked(wrt.get(i), "tensor " + i + " asked for");
            wanted.add(Key.of(wrt.get(i)));
        }
        boolean keepGraph = List.of(options).contains(Option.KEEP_GRAPH);
        boolean reuseMemory = List.of(options).contains(Option.REUSE_MEMORY);
        if (keepGraph && reuseMemory) {
            throw new TensorException("gradients: keepGraph() and reuseMemory() exclude each other; pass one of them");
        }
        wrt.forEach(t -> t.storage().pin());
        return new Gradients(new Backward(wanted, keepGraph, reuseMemory).from(outputs, seeds), null);
    }

    /**
     * Runs a function and differentiates its result.
     *
     * @param f gives a tracked scalar
     */
    public static ValueAndGrad valueAndGrad(Supplier<Tensor> f) {
        Tensor loss = f.get();
        return new ValueAndGrad(loss.detach(), of(loss));
    }

    private static void requireTracked(Tensor t, String what) {
        if (!t.isTracked()) {
            throw new TensorException("gradients: " + what + ", " + t.spec() + ", is not tracked: nothing it came from"
                    + " is a tracked variable or tensor, or it was cut by detach() or computed under NoGrad; start"
                    + " from a tracked variable or Tensor.tracked()");
        }
    }

    // ---------------------------------------------------------------- reading

    /** The gradient of a tracked tensor, or nothing if it took no part or was not asked for. */
    public Optional<Tensor> find(Tensor t) {
        return Optional.ofNullable(found.get(Key.of(t))).map(this::scaled);
    }

    /** Whether there is a gradient of a variable: it is tracked and took part. */
    public boolean contains(Variable v) {
        return v.isTracked() && found.containsKey(Key.of(v.value()));
    }

    /** The gradient of a variable, or nothing if it took no part. */
    public Optional<Tensor> find(Variable v) {
        return find(v.value());
    }

    /**
     * The gradient of a tracked tensor.
     *
     * @throws TensorException if it took no part, or lies in the interior and was not asked for
     */
    public Tensor get(Tensor t) {
        return scaled(require(t, t.isTracked() ? "'" + t.provenance().label() + "' " + t.spec() : "" + t.spec()));
    }

    /**
     * The gradient of a variable.
     *
     * @throws TensorException if it took no part
     */
    public Tensor get(Variable v) {
        return scaled(raw(v));
    }

    /**
     * The gradient of a variable before {@link #scale()}: for a fused optimizer step, which takes the two apart.
     *
     * @throws TensorException if the variable took no part
     */
    public Tensor raw(Variable v) {
        return require(v.value(), "'" + v.name() + "' " + v.spec());
    }

    /** The factor, an F32 scalar, that {@link #get} multiplies with: 1 unless scaled or clipped. */
    public Tensor scale() {
        return scale == null ? Tensor.scalar(1) : scale;
    }

    private Tensor scaled(Tensor raw) {
        return scale == null ? raw : raw.mul(scale.to(raw.dtype()));
    }

    private Tensor require(Tensor t, String label) {
        Tensor g = found.get(Key.of(t));
        if (g == null) {
            Provenance p = t.provenance();
            throw new TensorException("gradients: no gradient of " + label + ": " + (found.isEmpty()
                    ? "there is none at all (any more, after release())" : p == null
                    ? "it is not tracked; use a tracked variable or Tensor.tracked()"
                    : p.isLeaf() ? "it took no part in the loss, or only where there is no gradient; find(...) gives"
                            + " nothing instead of this error"
                    : "it took no part, or was not asked for; interior gradients are kept for"
                            + " Gradients.of(loss, List.of(tensor))"));
        }
        return g;
    }

    // ---------------------------------------------------------------- accumulation and clipping

    /** The sum of both: accumulation over micro-batches. What only one of them has stays as it is. */
    public Gradients plus(Gradients other) {
        Workspace workspace = new Workspace();
        return workspace.call(() -> {
            Map<Key, Tensor> sum = new LinkedHashMap<>();
            found.forEach((key, g) -> sum.put(key, scaled(g)));
            other.found.forEach((key, g) -> sum.merge(key, other.scaled(g), Tensor::add));
            sum.values().forEach(g -> g.storage().hold());
            workspace.reclaim();
            return new Gradients(sum, null);
        });
    }

    /** All times a factor. The product is taken when a gradient is read. */
    public Gradients scale(double factor) {
        return scale(Tensor.scalar(factor));
    }

    /**
     * All times a factor that may change from run to run of a program. The product is taken when a gradient is read.
     *
     * @param factor an F32 scalar
     */
    public Gradients scale(Tensor factor) {
        if (!factor.spec().equals(SCALE)) {
            throw new ShapeException("gradients: the factor must be " + SCALE + ", got " + factor.spec());
        }
        return new Gradients(found, scale == null ? factor : scale.mul(factor));
    }

    /** The root of the sum of squares over all gradients of leaves, an F32 scalar. */
    public Tensor globalNorm() {
        Tensor sum = Tensor.scalar(0);
        for (Map.Entry<Key, Tensor> e : found.entrySet()) {
            if (e.getKey().provenance().isLeaf()) {
                sum = sum.add(e.getValue().sumSquares().to(DType.F32));
            }
        }
        Tensor norm = sum.sqrt();
        return scale == null ? norm : norm.mul(scale.abs());
    }

    /**
     * Clipped by the global norm (Pascanu et al. 2013, algorithm 1): all times min(1, max / (norm + 1e-6)). The product
     * is taken when a gradient is read; {@link #raw} and {@link #scale()} give its parts. A NaN norm makes all NaN.
     *
     * @param max the largest norm allowed, positive
     */
    public Gradients clipByGlobalNorm(double max) {
        if (!(max > 0)) {
            throw new TensorException("clipByGlobalNorm: the largest norm must be positive, got " + max);
        }
        return scale(globalNorm().add(CLIP_EPS).reciprocal().mul(max).minimum(1));
    }
}
