package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.PlainRows;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.cpu.vector.VectorMicroKernel;
import dev.ricci.tensor.cpu.vector.VectorRows;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.LinearAlgebra;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.Random;
import dev.ricci.tensor.op.Reduction;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.Backend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import dev.ricci.tensor.spi.Storage;

/**
 * The CPU backend. F32 runs on kernels of its own, in plain Java or on the Vector API; F64, integer arithmetic and
 * linear algebra run on the reference backend. Thread-safe; how many threads an op uses is up to {@link Threads}.
 *
 * <p>The property {@code ricci.kernels} chooses: {@code auto} (the default: vector where the module
 * {@code jdk.incubator.vector} and HotSpot's C2 are present, else plain), {@code plain}, {@code vector} or
 * {@code reference}. The property {@code ricci.vector.bits} sets the vector width: 128, 256 or 512, by default the
 * machine's.
 */
public final class CpuBackend implements Backend {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private final String name;
    private final Rows rows;
    private final int panelColumns;
    private final FusedKernels fused;
    private final ElementwiseKernels elementwise;
    private final ReductionKernels reductions;
    private final IndexingKernels indexing;

    private CpuBackend(String name, Rows rows, FusedKernels fused, int panelColumns) {
        this.name = name;
        this.rows = rows;
        this.panelColumns = panelColumns;
        this.fused = fused;
        elementwise = new ElementwiseKernels(rows);
        reductions = new ReductionKernels(rows);
        indexing = new IndexingKernels(rows);
    }

    /** The only mention of a vector class: it is loaded when it is asked for. */
    private static final class Vector {
        static final CpuBackend INSTANCE = of(new VectorRows(), new VectorMicroKernel());
    }

    private static final class Plain {
        static final CpuBackend INSTANCE = of(new PlainRows(), new PlainMicroKernel());
    }

    private static CpuBackend of(Rows rows, MicroKernel micro) {
        return new CpuBackend("cpu-" + rows.name(), rows, new FusedKernels(rows, micro), micro.columns());
    }

    /**
     * The backend that the property {@code ricci.kernels} names.
     *
     * @throws TensorException if the property names none, or names vector kernels that cannot run
     */
    public static CpuBackend create() {
        String kernels = System.getProperty("ricci.kernels", "auto");
        return switch (kernels) {
            case "auto" -> automatic();
            case "plain" -> plain();
            case "vector" -> vector();
            case "reference" -> new CpuBackend("cpu-reference", null, null, 1);
            default -> throw new TensorException("ricci.kernels must be auto, plain, vector or reference, got '"
                    + kernels + "'");
        };
    }

    /** The backend with kernels in plain Java. */
    public static CpuBackend plain() {
        return Plain.INSTANCE;
    }

    /**
     * The backend with kernels on the Vector API.
     *
     * @throws TensorException if the module {@code jdk.incubator.vector} is absent
     */
    public static CpuBackend vector() {
        if (!hasVectorModule()) {
            throw new TensorException("CpuBackend.vector: the module " + VECTOR_MODULE
                    + " is absent; run java with --add-modules " + VECTOR_MODULE);
        }
        return Vector.INSTANCE;
    }

    private static CpuBackend automatic() {
        if (!hasVectorModule()) {
            warn("Ricci runs on its plain Java kernels. Run java with --add-modules " + VECTOR_MODULE
                    + " for the fast ones.");
            return plain();
        }
        if (!hasC2()) {
            warn("Ricci runs on its plain Java kernels: the compiler of this JVM (" + System.getProperty("java.vm.name")
                    + " " + System.getProperty("java.vm.version") + ") does not compile the Vector API well. Use a JDK "
                    + "with HotSpot's C2, or force it with -Dricci.kernels=vector.");
            return plain();
        }
        return vector();
    }

    private static boolean hasVectorModule() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    /** Not whether C2 is switched on: an interpreted run must choose as a compiled one does, to give the same bits. */
    private static boolean hasC2() {
        return System.getProperty("java.vm.name", "").endsWith("Server VM")
                && !System.getProperty("java.vm.version", "").contains("jvmci");
    }

    private static void warn(String text) {
        System.getLogger(CpuBackend.class.getPackageName()).log(System.Logger.Level.WARNING, text);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Device device() {
        return Device.cpu();
    }

    @Override
    public int panelColumns() {
        return panelColumns;
    }

    @Override
    public Storage allocate(DType dtype, int size) {
        return HeapStorage.forResult(dtype, size);
    }

    @Override
    public void execute(Op op, Operand[] inputs, Operand[] out) {
        if (rows == null) {
            ReferenceBackend.INSTANCE.execute(op, inputs, out);
            return;
        }
        // What reads weights as they are stored; everything else gets a decoded copy.
        boolean readsStored = op instanceof Contraction.MatMul || op instanceof Indexing.IndexSelect;
        Operand[] in = readsStored ? inputs : Operand.plain(inputs);
        switch (op) {
            case Creation o -> CreationKernels.run(o, in, out);
            case Elementwise o -> elementwise.run(o, in, out);
            case Reduction o -> reductions.run(o, in, out);
            case Movement o -> MovementKernels.run(o, in, out);
            case Indexing o -> indexing.run(o, in, out);
            case Random o -> RandomKernels.run(o, in, out);
            case Contraction o -> fused.run(o, in, out);
            case Normalization o -> fused.run(o, in, out);
            case AttentionOp o -> fused.run(o, in, out);
            case Loss o -> fused.run(o, in, out);
            case StateUpdate o -> fused.run(o, in, out);
            case LinearAlgebra o -> reference(o, in, out);
            case CustomOp o -> reference(o, in, out);
        }
    }

    /** For what has no kernel here: F64, arithmetic on integers, what is rare. */
    static void reference(Op op, Operand[] in, Operand[] out) {
        ReferenceBackend.INSTANCE.execute(op, in, out);
    }

    /** Whether every floating-point operand is F32. */
    static boolean computesF32(Operand[] in, Operand[] out) {
        for (Operand o : in) {
            if (o.dtype().isFloating() && o.dtype() != DType.F32) {
                return false;
            }
        }
        for (Operand o : out) {
            if (o.dtype().isFloating() && o.dtype() != DType.F32) {
                return false;
            }
        }
        return true;
    }
}
