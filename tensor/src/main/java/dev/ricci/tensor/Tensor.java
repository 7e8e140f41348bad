package dev.ricci.tensor;

import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.CompareKind;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.ReduceKind;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An immutable array of numbers with a shape and an element type; and, when something it came from is tracked, the
 * provenance that a backward pass walks. Element-wise operations broadcast by NumPy's rules. Axes may be negative,
 * counted from the end. Garbage-collected: there is nothing to close. Equality is identity.
 *
 * <p>Operations throw {@link ShapeException}, {@link DTypeException}, {@link IndexOutOfRangeException} or
 * {@link DeviceException} when the operands do not fit; there is no implicit conversion of element types.
 */
public final class Tensor {
    static final Movement.Copy COPY = new Movement.Copy();
    private static final AtomicLong IDS = new AtomicLong();
    private static final Elementwise.Unary[] UNARY =
            Arrays.stream(UnaryKind.values()).map(Elementwise.Unary::new).toArray(Elementwise.Unary[]::new);
    private static final Elementwise.Binary[] BINARY =
            Arrays.stream(BinaryKind.values()).map(Elementwise.Binary::new).toArray(Elementwise.Binary[]::new);

    private final long id;
    private final TensorSpec spec;
    private final Device device;
    private final Storage storage;
    private final Layout layout;
    private final Provenance provenance;
    private final int outputIndex;

    Tensor(TensorSpec spec, Device device, Storage storage, Layout layout, Provenance provenance, int outputIndex) {
        this(IDS.incrementAndGet(), spec, device, storage, layout, provenance, outputIndex);
    }

    private Tensor(long id, TensorSpec spec, Device device, Storage storage, Layout layout, Provenance provenance,
            int outputIndex) {
        this.id = id;
        this.spec = spec;
        this.device = device;
        this.storage = storage;
        this.layout = layout;
        this.provenance = provenance;
        this.outputIndex = outputIndex;
    }

    // ---------------------------------------------------------------- creation

    private static Tensor heap(String op, Storage storage, Shape shape) {
        if (storage.size() != shape.size()) {
            throw new ShapeException(op + ": " + storage.size() + " values do not fill shape " + shape + ", which has "
                    + shape.size() + " elements");
        }
        return new Tensor(new TensorSpec(storage.dtype(), shape), Device.cpu(), storage, Layout.dense(shape), null, 0);
    }

    /** F32 rank 0. */
    public static Tensor scalar(double value) {
        return full(Shape.scalar(), DType.F32, value);
    }

    /** F32 [n] with a copy of these values. */
    public static Tensor of(float... values) {
        return of(values, Shape.of(values.length));
    }

    /** F32 with a copy of these values, row-major. */
    public static Tensor of(float[] values, int... shape) {
        return of(values, Shape.of(shape));
    }

    /** F32 with a copy of these values, row-major. */
    public static Tensor of(float[] values, Shape shape) {
        return heap("Tensor.of", HeapStorage.of(values.clone()), shape);
    }

    /** F32 over this very array, row-major; the caller must not change it afterwards. */
    public static Tensor wrap(float[] values, Shape shape) {
        return heap("Tensor.wrap", HeapStorage.of(values), shape);
    }

    /** A tensor over this very storage, row-major; for readers of files and backends. */
    public static Tensor wrap(Storage storage, Shape shape) {
        return heap("Tensor.wrap", storage, shape);
    }

    /** F64 with a copy of these values, row-major; no shape means [n]. */
    public static Tensor ofDoubles(double[] values, int... shape) {
        return heap("Tensor.ofDoubles", HeapStorage.of(values.clone()), shapeOr(values.length, shape));
    }

    /** I32 with a copy of these values, row-major; no shape means [n]. */
    public static Tensor ofInts(int[] values, int... shape) {
        return heap("Tensor.ofInts", HeapStorage.of(values.clone()), shapeOr(values.length, shape));
    }

    /** I64 with a copy of these values, row-major; no shape means [n]. */
    public static Tensor ofLongs(long[] values, int... shape) {
        return heap("Tensor.ofLongs", HeapStorage.of(values.clone()), shapeOr(values.length, shape));
    }

    /** BOOL with these values, row-major; no shape means [n]. */
    public static Tensor ofBooleans(boolean[] values, int... shape) {
        byte[] b = new byte[values.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = (byte) (values[i] ? 1 : 0);
        }
        return heap("Tensor.ofBooleans", HeapStorage.of(DType.BOOL, b), shapeOr(b.length, shape));
    }

    private static Shape shapeOr(int n, int[] shape) {
        return shape.length == 0 ? Shape.of(n) : Shape.of(shape);
    }

    /** F32 zeros. */
    public static Tensor zeros(int... shape) {
        return full(Shape.of(shape), DType.F32, 0);
    }

    /** F32 ones. */
    public static Tensor ones(int... shape) {
        return full(Shape.of(shape), DType.F32, 1);
    }

    /** Every element the same value; for BOOL, non-zero is true. */
    public static Tensor full(Shape shape, DType dtype, double value) {
        return Dispatch.run(new Creation.Full(shape, dtype, value));
    }

    /** I32 0 .. n-1. */
    public static Tensor arange(int n) {
        return Dispatch.run(new Creation.Arange(n, DType.I32, 0, 1));
    }

    /** {@code start + i * step} for i in 0 .. n-1; F32, F64, I32 or I64. */
    public static Tensor arange(int n, DType dtype, double start, double step) {
        return Dispatch.run(new Creation.Arange(n, dtype, start, step));
    }

    /** F32 identity matrix [n, n]. */
    public static Tensor eye(int n) {
        return n == 0 ? zeros(0, 0) : arange(n).oneHot(n);
    }

    /** Runs an op with one output: for code that holds an {@link Op} value, such as gradient rules. */
    public static Tensor apply(Op op, Tensor... inputs) {
        return applyAll(op, inputs).getFirst();
    }

    /** Runs an op and returns all its outputs. State updates give new tensors; the inputs stay as they are. */
    public static List<Tensor> applyAll(Op op, Tensor... inputs) {
        return List.of(Dispatch.runAll(op, inputs));
    }

    // ---------------------------------------------------------------- what it is

    /** Unique in this JVM. */
    public long id() {
        return id;
    }

    /** Sizes of the axes. */
    public Shape shape() {
        return spec.shape();
    }

    /** Size of an axis. */
    public int dim(int axis) {
        return spec.shape().dim(axis);
    }

    /** Number of axes. */
    public int rank() {
        return spec.shape().rank();
    }

    /** Number of elements. */
    public int size() {
        return spec.shape().size();
    }

    /** Element type. */
    public DType dtype() {
        return spec.dtype();
    }

    /** Element type and shape. */
    public TensorSpec spec() {
        return spec;
    }

    /** Where it lives. */
    public Device device() {
        return device;
    }

    /** The memory, for backends and writers of files; its contents must not be changed. */
    public Storage storage() {
        return storage;
    }

    /** Where the elements lie in the storage. */
    public Layout layout() {
        return layout;
    }

    /** Where it came from, or null if it is not tracked. */
    public Provenance provenance() {
        return provenance;
    }

    /** Which output of {@link #provenance()} it is. */
    public int outputIndex() {
        return outputIndex;
    }

    /** Whether gradients with respect to it can be asked for. */
    public boolean isTracked() {
        return provenance != null;
    }

    // ---------------------------------------------------------------- tracking

    /** The same values as a leaf with respect to which gradients can be asked for. Floating-point types only. */
    public Tensor tracked() {
        if (!dtype().isComputable()) {
            throw new DTypeException("tracked: gradients exist for F32 and F64, not " + spec);
        }
        storage.pin();
        return new Tensor(spec, device, storage, layout, Provenance.leaf("tensor", spec), 0);
    }

    /**
     * The same values, cut from what they came from: no gradient flows through (stop-gradient), and they outlive the
     * graph, and the step of inference in which they were made.
     */
    public Tensor detach() {
        if (provenance == null) {
            if (Workspace.current() != null) {
                storage.pin();
            }
            return this;
        }
        storage.pin();
        return withProvenance(null, 0);
    }

    /** The same tensor under the same id, with another provenance. */
    Tensor withProvenance(Provenance p, int index) {
        return new Tensor(id, spec, device, storage, layout, p, index);
    }

    // ---------------------------------------------------------------- reading on the host

    /** The only element of a tensor of size 1, as a double (truth values as 0 or 1). */
    public double item() {
        if (size() != 1) {
            throw new ShapeException("item: needs exactly one element, got shape " + shape()
                    + "; reduce it first or use get(index...)");
        }
        return TensorReader.element(hostStorage("item"), layout.offset());
    }

    /** One element as a double. */
    public double get(int... index) {
        if (index.length != rank()) {
            throw new ShapeException("get: needs " + rank() + " indices for shape " + shape() + ", got "
                    + Arrays.toString(index));
        }
        for (int a = 0; a < index.length; a++) {
            if (index[a] < 0 || index[a] >= dim(a)) {
                throw new IndexOutOfRangeException("get: index " + Arrays.toString(index) + " lies outside shape "
                        + shape());
            }
        }
        return TensorReader.element(hostStorage("get"), layout.index(index));
    }

    /**
     * Copies the elements, row-major, to the beginning of an array.
     *
     * @throws ShapeException if it is too short
     */
    public void copyTo(double[] out) {
        if (out.length < size()) {
            throw new ShapeException("copyTo: an array of " + out.length + " is too short for " + spec);
        }
        TensorReader.copy(hostStorage("copyTo"), layout, out);
    }

    /** A copy of the elements, row-major, of any floating or integer type, as floats. */
    public float[] toFloatArray() {
        return TensorReader.floats(hostStorage("toFloatArray"), layout);
    }

    /** A copy of the elements, row-major, as doubles. */
    public double[] toDoubleArray() {
        return TensorReader.doubles(hostStorage("toDoubleArray"), layout);
    }

    /** A copy of the elements, row-major, as ints; I32, I64 (must fit), U8 or BOOL. */
    public int[] toIntArray() {
        return TensorReader.ints(hostStorage("toIntArray"), layout);
    }

    /** A copy of the elements, row-major, as longs; integer types or BOOL. */
    public long[] toLongArray() {
        return TensorReader.longs(hostStorage("toLongArray"), layout);
    }

    private HeapStorage hostStorage(String reading) {
        return (HeapStorage) Dispatch.hostRead(reading, this).plain();
    }

    /** Type, shape and values as NumPy prints them: six significant digits, long axes elided. */
    @Override
    public String toString() {
        return TensorPrinter.print(this);
    }

    // ---------------------------------------------------------------- element-wise, one input

    private Tensor unary(UnaryKind kind) {
        return Dispatch.run(UNARY[kind.ordinal()], this);
    }


    /** -x. */
    public Tensor neg() {
        return unary(UnaryKind.NEG);
    }

    /** |x|. */
    public Tensor abs() {
        return unary(UnaryKind.ABS);
    }

    /** -1, 0 or 1. */
    public Tensor sign() {
        return unary(UnaryKind.SIGN);
    }

    /** x * x. */
    public Tensor square() {
        return unary(UnaryKind.SQUARE);
    }

    /** e to the power x. */
    public Tensor exp() {
        return unary(UnaryKind.EXP);
    }

    /** e^x - 1, exact near 0. */
    public Tensor expm1() {
        return unary(UnaryKind.EXPM1);
    }

    /** Natural logarithm. */
    public Tensor log() {
        return unary(UnaryKind.LOG);
    }

    /** log(1 + x), exact near 0. */
    public Tensor log1p() {
        return unary(UnaryKind.LOG1P);
    }

    /** Square root. */
    public Tensor sqrt() {
        return unary(UnaryKind.SQRT);
    }

    /** 1 / sqrt(x). */
    public Tensor rsqrt() {
        return unary(UnaryKind.RSQRT);
    }

    /** 1 / x. */
    public Tensor reciprocal() {
        return unary(UnaryKind.RECIPROCAL);
    }

    /** Sine of radians. */
    public Tensor sin() {
        return unary(UnaryKind.SIN);
    }

    /** Cosine of radians. */
    public Tensor cos() {
        return unary(UnaryKind.COS);
    }

    /** Hyperbolic tangent. */
    public Tensor tanh() {
        return unary(UnaryKind.TANH);
    }

    /** 1 / (1 + e^-x). */
    public Tensor sigmoid() {
        return unary(UnaryKind.SIGMOID);
    }

    /** max(x, 0). */
    public Tensor relu() {
        return unary(UnaryKind.RELU);
    }

    /** GELU with the error function. */
    public Tensor gelu() {
        return unary(UnaryKind.GELU);
    }

    /** GELU with the tanh approximation, as GPT-2 has it. */
    public Tensor geluTanh() {
        return unary(UnaryKind.GELU_TANH);
    }

    /** x * sigmoid(x), also called swish. */
    public Tensor silu() {
        return unary(UnaryKind.SILU);
    }

    /** log(1 + e^x) without overflow. */
    public Tensor softplus() {
        return unary(UnaryKind.SOFTPLUS);
    }

    /** Error function. */
    public Tensor erf() {
        return unary(UnaryKind.ERF);
    }

    /** Largest integer not above x. */
    public Tensor floor() {
        return unary(UnaryKind.FLOOR);
    }

    /** Smallest integer not below x. */
    public Tensor ceil() {
        return unary(UnaryKind.CEIL);
    }

    /** Nearest integer, ties to even. */
    public Tensor round() {
        return unary(UnaryKind.ROUND);
    }

    /** BOOL: not x. */
    public Tensor logicalNot() {
        return unary(UnaryKind.LOGICAL_NOT);
    }

    /** BOOL: where x is NaN. */
    public Tensor isNan() {
        return unary(UnaryKind.IS_NAN);
    }

    /** BOOL: where x is neither NaN nor infinite. */
    public Tensor isFinite() {
        return unary(UnaryKind.IS_FINITE);
    }

    /** The values as another element type; the gradient is converted back. */
    public Tensor to(DType dtype) {
        return dtype == dtype() ? this : Dispatch.run(new Elementwise.Cast(dtype), this);
    }

    // ---------------------------------------------------------------- element-wise, two inputs

    private Tensor binary(Op op, Tensor other) {
        if (other == null || shape().equals(other.shape())) { // Dispatch refuses null with the op's name
            return Dispatch.run(op, this, other);
        }
        Shape s = shape().broadcast(op.name(), other.shape());
        return Dispatch.run(op, expand(s), other.expand(s));
    }

    private Tensor binary(BinaryKind kind, Tensor other) {
        return binary(BINARY[kind.ordinal()], other);
    }

    private Tensor binary(BinaryKind kind, double other) {
        return binary(kind, like(kind.opName(), other));
    }

    /** A number as a scalar of this tensor's type; an integer type takes none that it would have to change. */
    private Tensor like(String op, double value) {
        boolean fits = switch (dtype()) {
            case I32 -> (int) value == value;
            case I64 -> (long) value == value;
            case U8 -> ((int) value & 0xFF) == value;
            case F32, F64, F16, BF16, BOOL -> true;
        };
        if (!fits) {
            throw new DTypeException(op + ": " + value + " is no value of " + dtype() + ", the type of " + spec
                    + "; convert the tensor with to(DType.F32) first");
        }
        return full(Shape.scalar(), dtype(), value);
    }


    /** this + other. */
    public Tensor add(Tensor other) {
        return binary(BinaryKind.ADD, other);
    }

    /** this + other. */
    public Tensor add(double other) {
        return binary(BinaryKind.ADD, other);
    }

    /** this - other. */
    public Tensor sub(Tensor other) {
        return binary(BinaryKind.SUB, other);
    }

    /** this - other. */
    public Tensor sub(double other) {
        return binary(BinaryKind.SUB, other);
    }

    /** this * other. */
    public Tensor mul(Tensor other) {
        return binary(BinaryKind.MUL, other);
    }

    /** this * other. */
    public Tensor mul(double other) {
        return binary(BinaryKind.MUL, other);
    }

    /** this / other; integers round towards zero. */
    public Tensor div(Tensor other) {
        return binary(BinaryKind.DIV, other);
    }

    /** this / other; integers round towards zero. */
    public Tensor div(double other) {
        return binary(BinaryKind.DIV, other);
    }

    /** this to the power other. */
    public Tensor pow(Tensor other) {
        return binary(BinaryKind.POW, other);
    }

    /** this to the power other. */
    public Tensor pow(double other) {
        return binary(BinaryKind.POW, other);
    }

    /** The larger of the two. */
    public Tensor maximum(Tensor other) {
        return binary(BinaryKind.MAX, other);
    }

    /** The larger of the two. */
    public Tensor maximum(double other) {
        return binary(BinaryKind.MAX, other);
    }

    /** The smaller of the two. */
    public Tensor minimum(Tensor other) {
        return binary(BinaryKind.MIN, other);
    }

    /** The smaller of the two. */
    public Tensor minimum(double other) {
        return binary(BinaryKind.MIN, other);
    }

    /** Remainder with the sign of other. */
    public Tensor mod(Tensor other) {
        return binary(BinaryKind.MOD, other);
    }

    /** Remainder with the sign of other. */
    public Tensor mod(double other) {
        return binary(BinaryKind.MOD, other);
    }

    /** BOOL: both. */
    public Tensor logicalAnd(Tensor other) {
        return binary(BinaryKind.LOGICAL_AND, other);
    }

    /** BOOL: either. */
    public Tensor logicalOr(Tensor other) {
        return binary(BinaryKind.LOGICAL_OR, other);
    }

    /** BOOL: exactly one. */
    public Tensor logicalXor(Tensor other) {
        return binary(BinaryKind.LOGICAL_XOR, other);
    }

    /** BOOL: this == other. */
    public Tensor eq(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.EQ), other);
    }

    /** BOOL: this == other. */
    public Tensor eq(double other) {
        return eq(like("eq", other));
    }

    /** BOOL: this != other. */
    public Tensor ne(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.NE), other);
    }

    /** BOOL: this != other. */
    public Tensor ne(double other) {
        return ne(like("ne", other));
    }

    /** BOOL: this &lt; other. */
    public Tensor lt(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.LT), other);
    }

    /** BOOL: this &lt; other. */
    public Tensor lt(double other) {
        return lt(like("lt", other));
    }

    /** BOOL: this &lt;= other. */
    public Tensor le(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.LE), other);
    }

    /** BOOL: this &lt;= other. */
    public Tensor le(double other) {
        return le(like("le", other));
    }

    /** BOOL: this &gt; other. */
    public Tensor gt(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.GT), other);
    }

    /** BOOL: this &gt; other. */
    public Tensor gt(double other) {
        return gt(like("gt", other));
    }

    /** BOOL: this &gt;= other. */
    public Tensor ge(Tensor other) {
        return binary(new Elementwise.Compare(CompareKind.GE), other);
    }

    /** BOOL: this &gt;= other. */
    public Tensor ge(double other) {
        return ge(like("ge", other));
    }

    /** Where this (BOOL) holds a, else b; all three broadcast. */
    public Tensor where(Tensor a, Tensor b) {
        Shape s = shape().broadcast("where", a.shape()).broadcast("where", b.shape());
        return Dispatch.run(new Elementwise.Where(), expand(s), a.expand(s), b.expand(s));
    }

    /** The value where the mask (BOOL) holds, else this; the mask broadcasts. */
    public Tensor maskedFill(Tensor mask, double value) {
        return mask.where(like("masked_fill", value), this);
    }

    /** Values below {@code low} become it, values above {@code high} become that. */
    public Tensor clamp(double low, double high) {
        return maximum(low).minimum(high);
    }

    // ---------------------------------------------------------------- reductions

    private Tensor reduce(ReduceKind kind, boolean keepDims, int[] axes) {
        return Dispatch.run(new Reduction.Reduce(kind, axes(kind.opName(), axes), keepDims), this);
    }

    /** Normalised and ascending; none means all. */
    private Ints axes(String op, int[] axes) {
        int[] a = new int[axes.length == 0 ? rank() : axes.length];
        for (int i = 0; i < a.length; i++) {
            a[i] = axes.length == 0 ? i : shape().axis(op, axes[i]);
        }
        Arrays.sort(a);
        return Ints.of(a);
    }


    /** Sum over these axes, or over all when none is given. */
    public Tensor sum(int... axes) {
        return reduce(ReduceKind.SUM, false, axes);
    }

    /** Sum over these axes, which stay with size 1. */
    public Tensor sumKeepDims(int... axes) {
        return reduce(ReduceKind.SUM, true, axes);
    }

    /** Sum of squares over these axes, or over all when none is given. */
    public Tensor sumSquares(int... axes) {
        return reduce(ReduceKind.SUM_SQUARES, false, axes);
    }

    /** Sum of squares over these axes, which stay with size 1. */
    public Tensor sumSquaresKeepDims(int... axes) {
        return reduce(ReduceKind.SUM_SQUARES, true, axes);
    }

    /** Mean over these axes, or over all when none is given. */
    public Tensor mean(int... axes) {
        return reduce(ReduceKind.MEAN, false, axes);
    }

    /** Mean over these axes, which stay with size 1. */
    public Tensor meanKeepDims(int... axes) {
        return reduce(ReduceKind.MEAN, true, axes);
    }

    /** Product over these axes, or over all when none is given. */
    public Tensor prod(int... axes) {
        return reduce(ReduceKind.PROD, false, axes);
    }

    /** Product over these axes, which stay with size 1. */
    public Tensor prodKeepDims(int... axes) {
        return reduce(ReduceKind.PROD, true, axes);
    }

    /** Largest over these axes, or over all when none is given. */
    public Tensor max(int... axes) {
        return reduce(ReduceKind.MAX, false, axes);
    }

    /** Largest over these axes, which stay with size 1. */
    public Tensor maxKeepDims(int... axes) {
        return reduce(ReduceKind.MAX, true, axes);
    }

    /** Smallest over these axes, or over all when none is given. */
    public Tensor min(int... axes) {
        return reduce(ReduceKind.MIN, false, axes);
    }

    /** Smallest over these axes, which stay with size 1. */
    public Tensor minKeepDims(int... axes) {
        return reduce(ReduceKind.MIN, true, axes);
    }

    /** log(sum(exp(x))) over these axes, or over all when none is given. */
    public Tensor logSumExp(int... axes) {
        return reduce(ReduceKind.LOG_SUM_EXP, false, axes);
    }

    /** log(sum(exp(x))) over these axes, which stay with size 1. */
    public Tensor logSumExpKeepDims(int... axes) {
        return reduce(ReduceKind.LOG_SUM_EXP, true, axes);
    }

    /** BOOL: whether any holds, over these axes, or over all when none is given. */
    public Tensor any(int... axes) {
        return reduce(ReduceKind.ANY, false, axes);
    }

    /** BOOL: whether any holds, over these axes, which stay with size 1. */
    public Tensor anyKeepDims(int... axes) {
        return reduce(ReduceKind.ANY, true, axes);
    }

    /** BOOL: whether all hold, over these axes, or over all when none is given. */
    public Tensor all(int... axes) {
        return reduce(ReduceKind.ALL, false, axes);
    }

    /** BOOL: whether all hold, over these axes, which stay with size 1. */
    public Tensor allKeepDims(int... axes) {
        return reduce(ReduceKind.ALL, true, axes);
    }

    /**
     * Variance over these axes, or over all when none is given.
     *
     * @param correction subtracted from the count in the divisor: 0, or 1 for Bessel's
     */
    public Tensor variance(int correction, int... axes) {
        Ints reduced = axes("variance", axes);
        long n = 1;
        for (int i = 0; i < reduced.size(); i++) {
            n *= dim(reduced.at(i));
        }
        return sub(meanKeepDims(reduced.toArray())).square().sum(reduced.toArray()).div((double) n - correction);
    }

    /** Where the largest lies along an axis, as I32. */
    public Tensor argmax(int axis) {
        return Dispatch.run(new Reduction.ArgReduce(true, shape().axis("argmax", axis), false), this);
    }

    /** Where the smallest lies along an axis, as I32. */
    public Tensor argmin(int axis) {
        return Dispatch.run(new Reduction.ArgReduce(false, shape().axis("argmin", axis), false), this);
    }

    /** Running sum along an axis. */
    public Tensor cumsum(int axis) {
        return Dispatch.run(new Reduction.CumSum(shape().axis("cumsum", axis), false), this);
    }

    /** exp(x) / sum(exp(x)) along an axis. */
    public Tensor softmax(int axis) {
        return Dispatch.run(new Normalization.Softmax(shape().axis("softmax", axis)), this);
    }

    /** Logarithm of the softmax along an axis. */
    public Tensor logSoftmax(int axis) {
        return Dispatch.run(new Normalization.LogSoftmax(shape().axis("log_softmax", axis)), this);
    }

    // ---------------------------------------------------------------- products

    /**
     * Matrix product: [..., M, K] by [..., K, N] gives [..., M, N]; leading axes broadcast; a vector is a row on the
     * left and a column on the right.
     */
    public Tensor matmul(Tensor other) {
        return Products.matmul(this, other);
    }

    /** Einstein summation, such as {@code Tensor.einsum("bij,bjk->bik", a, b)}; letters, commas, an optional arrow. */
    public static Tensor einsum(String equation, Tensor... operands) {
        return Products.einsum(equation, operands);
    }

    // ---------------------------------------------------------------- movement

    /** Another shape over the same elements; one size may be -1. */
    public Tensor reshape(int... dims) {
        int[] d = dims.clone();
        int unknown = -1;
        long known = 1;
        for (int i = 0; i < d.length; i++) {
            if (d[i] == -1 && unknown < 0) {
                unknown = i;
            } else {
                known *= d[i];
            }
        }
        if (unknown >= 0) {
            if (known <= 0 || size() % known != 0) {
                throw new ShapeException("reshape: " + shape() + " with " + size() + " elements does not fit "
                        + Arrays.toString(dims) + "; the -1 cannot be a whole number");
            }
            d[unknown] = (int) (size() / known);
        }
        return reshape(Shape.of(d));
    }

    /** Another shape over the same elements. */
    public Tensor reshape(Shape to) {
        return to.equals(shape()) ? this : Dispatch.run(new Movement.Reshape(to), this);
    }

    /** Axis i of the result is axis order[i] of this. */
    public Tensor permute(int... order) {
        int[] o = new int[order.length];
        for (int i = 0; i < o.length; i++) {
            o[i] = shape().axis("permute", order[i]);
        }
        return Dispatch.run(new Movement.Permute(Ints.of(o)), this);
    }

    /** Two axes exchanged. */
    public Tensor transpose(int a, int b) {
        int[] order = new int[rank()];
        Arrays.setAll(order, i -> i);
        int i = shape().axis("transpose", a);
        int j = shape().axis("transpose", b);
        order[i] = j;
        order[j] = i;
        return Dispatch.run(new Movement.Permute(Ints.of(order)), this);
    }

    /** Broadcast to a larger shape, without a copy. */
    public Tensor expand(Shape to) {
        return to.equals(shape()) ? this : Dispatch.run(new Movement.Expand(to), this);
    }

    /** Broadcast to a larger shape, without a copy. */
    public Tensor expand(int... dims) {
        return expand(Shape.of(dims));
    }

    /** A new axis of size 1 before position {@code axis}, 0 .. rank or negative from the end. */
    public Tensor unsqueeze(int axis) {
        int a = axis < 0 ? axis + rank() + 1 : axis;
        if (a < 0 || a > rank()) {
            throw new ShapeException("unsqueeze: position " + axis + " must lie in " + (-rank() - 1) + " .. " + rank()
                    + " for shape " + shape());
        }
        return reshape(shape().insert(a, 1));
    }

    /** Without an axis of size 1. */
    public Tensor squeeze(int axis) {
        if (dim(axis) != 1) {
            throw new ShapeException("squeeze: axis " + axis + " of " + shape() + " has size " + dim(axis) + ", not 1");
        }
        return reshape(shape().remove(axis));
    }

    /** Elements {@code from} (inclusive) to {@code to} (exclusive) along an axis, without a copy. */
    public Tensor slice(int axis, int from, int to) {
        return slice(axis, from, to, 1);
    }

    /** Every {@code step}-th element from {@code from} on, before {@code to}, along an axis, without a copy. */
    public Tensor slice(int axis, int from, int to, int step) {
        int a = shape().axis("slice", axis);
        if (from < 0 || to < from || to > dim(a) || step < 1) {
            throw new IndexOutOfRangeException("slice: " + from + " .. " + to + " step " + step
                    + " does not lie within axis " + axis + " of " + shape());
        }
        int[] starts = new int[rank()];
        int[] sizes = shape().toArray();
        int[] steps = new int[rank()];
        Arrays.fill(steps, 1);
        starts[a] = from;
        sizes[a] = (int) (((long) to - from + step - 1) / step);
        steps[a] = step;
        return Dispatch.run(new Movement.Slice(Ints.of(starts), Ints.of(sizes), Ints.of(steps)), this);
    }

    /** One index along an axis, which goes; negative counts from the end. */
    public Tensor select(int axis, int index) {
        int i = index < 0 ? index + dim(axis) : index;
        if (i < 0 || i >= dim(axis)) {
            throw new IndexOutOfRangeException("select: index " + index + " lies outside axis " + axis + " of "
                    + shape());
        }
        return slice(axis, i, i + 1).squeeze(axis);
    }

    /** Consecutive pieces of these sizes along an axis. */
    public List<Tensor> split(int axis, int... sizes) {
        int at = 0;
        List<Tensor> pieces = new ArrayList<>();
        for (int s : sizes) {
            if (s < 0 || s > dim(axis) - at) {
                throw new ShapeException("split: sizes " + Arrays.toString(sizes) + " do not add up to axis " + axis
                        + " of " + shape());
            }
            pieces.add(slice(axis, at, at + s));
            at += s;
        }
        if (at != dim(axis)) {
            throw new ShapeException("split: sizes " + Arrays.toString(sizes) + " do not add up to axis " + axis
                    + " of " + shape());
        }
        return pieces;
    }

    /** {@code count} pieces of equal size along an axis. */
    public List<Tensor> chunk(int axis, int count) {
        if (count < 1 || dim(axis) % count != 0) {
            throw new ShapeException("chunk: axis " + axis + " of " + shape() + " cannot be cut into " + count
                    + " equal pieces");
        }
        int[] sizes = new int[count];
        Arrays.fill(sizes, dim(axis) / count);
        return split(axis, sizes);
    }

    /** In reverse order along these axes, without a copy. */
    public Tensor flip(int... axes) {
        return axes.length == 0 ? this : Dispatch.run(new Movement.Flip(axes("flip", axes)), this);
    }

    /** A dense row-major copy, or this if it is dense already. */
    public Tensor contiguous() {
        return layout.isDense() ? this : Dispatch.run(COPY, this);
    }

    /** Surrounded by a constant along one axis. */
    public Tensor pad(int axis, int before, int after, double value) {
        int a = shape().axis("pad", axis);
        int[] b = new int[rank()];
        int[] e = new int[rank()];
        b[a] = before;
        e[a] = after;
        return Dispatch.run(new Movement.Pad(Ints.of(b), Ints.of(e), value), this);
    }

    /** Joined along an existing axis. */
    public static Tensor cat(int axis, Tensor... parts) {
        if (parts.length == 0) {
            throw new ShapeException("cat: needs one tensor or more");
        }
        return Dispatch.run(new Movement.Cat(parts[0].shape().axis("cat", axis)), parts);
    }

    /** Joined along an existing axis. */
    public static Tensor cat(int axis, List<Tensor> parts) {
        return cat(axis, parts.toArray(Tensor[]::new));
    }

    /** Joined along a new axis. */
    public static Tensor stack(int axis, List<Tensor> parts) {
        if (parts.isEmpty()) {
            throw new ShapeException("stack: needs one tensor or more");
        }
        int rank = parts.getFirst().rank();
        int a = axis < 0 ? axis + rank + 1 : axis;
        if (a < 0 || a > rank) {
            throw new ShapeException("stack: position " + axis + " must lie in " + (-rank - 1) + " .. " + rank
                    + " for parts of shape " + parts.getFirst().shape());
        }
        return cat(a, parts.stream().map(t -> t.unsqueeze(a)).toArray(Tensor[]::new));
    }

    /** The whole tensor {@code times} times in a row along an axis. */
    public Tensor repeat(int axis, int times) {
        int a = shape().axis("repeat", axis);
        if (times < 0) {
            throw new ShapeException("repeat: times must not be negative, got " + times);
        }
        long size = (long) dim(a) * times;
        if (size > Integer.MAX_VALUE) {
            throw new ShapeException("repeat: " + times + " times axis " + axis + " of " + shape() + " would have "
                    + size + " elements along it");
        }
        Shape wide = shape().insert(a, times);
        return unsqueeze(a).expand(wide).reshape(shape().with(a, (int) size));
    }

    /** The lower triangle of the last two axes, zeros above the diagonal (0 the main one, positive above it). */
    public Tensor tril(int diagonal) {
        return Dispatch.run(new Movement.Triangular(false, diagonal), this);
    }

    /** The upper triangle of the last two axes, zeros below the diagonal. */
    public Tensor triu(int diagonal) {
        return Dispatch.run(new Movement.Triangular(true, diagonal), this);
    }

    // ---------------------------------------------------------------- indexing

    /** {@code out[i][j] = this[i][ids[i][j]]} for axis 1 (see {@link Indexing.Gather}). */
    public Tensor gather(int axis, Tensor ids) {
        return Dispatch.run(new Indexing.Gather(shape().axis("gather", axis)), this, ids);
    }

    /** A copy with {@code out[i][ids[i][j]] += source[i][j]} for axis 1 (see {@link Indexing.ScatterAdd}). */
    public Tensor scatterAdd(int axis, Tensor ids, Tensor source) {
        return Dispatch.run(new Indexing.ScatterAdd(shape().axis("scatter_add", axis)), this, ids, source);
    }

    /** Whole slices along an axis; the ids' shape takes the axis' place. */
    public Tensor indexSelect(int axis, Tensor ids) {
        return Dispatch.run(new Indexing.IndexSelect(shape().axis("index_select", axis)), this, ids);
    }

    /** A new last axis of size {@code depth}: F32, 1 at this id and 0 elsewhere. */
    public Tensor oneHot(int depth) {
        return Dispatch.run(new Indexing.OneHot(depth), this);
    }

    /** The k largest along an axis, best first: values, and I32 indices. */
    public List<Tensor> topK(int k, int axis) {
        return topK(k, axis, true);
    }

    /** The k largest or smallest along an axis, best first: values, and I32 indices. */
    public List<Tensor> topK(int k, int axis, boolean largest) {
        return applyAll(new Indexing.TopK(k, shape().axis("topk", axis), largest), this);
    }

    /** Sorted along an axis, stably: values, and I32 indices. */
    public List<Tensor> sort(int axis, boolean descending) {
        return applyAll(new Indexing.Sort(shape().axis("sort", axis), descending), this);
    }

    /** The indices that sort along an axis, as I32. */
    public Tensor argsort(int axis, boolean descending) {
        return sort(axis, descending).get(1);
    }
}
