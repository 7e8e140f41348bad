package dev.ricci.gpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Runs kernels one at a time: a plan for each kernel, built and compiled once, whose arrays are copied in and out on every
 * execution. Arrays come in a few sizes, since a plan's cannot be changed.
 */
final class TornadoHalf implements DeviceHalf {
    private static final String LIMIT = "tornado.device.memory";

    static {
        // TornadoVM takes 4 GB for the memory of every device; what there is, the device knows.
        if (System.getProperty(LIMIT) == null) {
            System.setProperty(LIMIT, "1024GB");
        }
    }

    /** The smallest arrays; larger ones have 4 times as many elements each. */
    private static final int SMALLEST = 1 << 13;

    /** The arrays of a size, and the plans over them. */
    private static final class Arrays {
        final FloatArray floats;
        final IntArray ints;
        final LongArray longs;
        final IntArray p = new IntArray(Params.INTS);
        final FloatArray q = new FloatArray(Params.FLOATS);
        final Map<Kernel, TornadoExecutionPlan> plans = new EnumMap<>(Kernel.class);

        Arrays(int size) {
            floats = new FloatArray(size);
            ints = new IntArray(size);
            longs = new LongArray(size);
        }
    }

    private final Map<Integer, Arrays> bySize = new TreeMap<>();

    /** Made by the provider. */
    TornadoHalf() {
    }

    @Override
    public String unavailable() {
        try {
            TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
            if (runtime.getNumBackends() == 0 || runtime.getBackend(0).getNumDevices() == 0) {
                return "TornadoVM has no device here; install an OpenCL or CUDA driver";
            }
            return null;
        } catch (Throwable e) { // a missing driver or native library is an Error of the class initialiser
            return "TornadoVM does not start (" + TornadoProvider.oneLine(e) + "); its SDK needs a driver of each of its"
                    + " backends, and java the options @$TORNADOVM_HOME/tornado-argfile";
        }
    }

    @Override
    public String device() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().toString().strip();
    }

    @Override
    public synchronized void run(List<Launch> launches, Arena arena) {
        int needed = Math.max(arena.floats().length, Math.max(arena.ints().length, arena.longs().length));
        int size = SMALLEST;
        while (size < needed) {
            size = Math.multiplyExact(size, 4);
        }
        Arrays arrays = bySize.computeIfAbsent(size, Arrays::new);
        MemorySegment.copy(arena.floats(), 0, arrays.floats.getSegment(), ValueLayout.JAVA_FLOAT, 0, arena.floats().length);
        MemorySegment.copy(arena.ints(), 0, arrays.ints.getSegment(), ValueLayout.JAVA_INT, 0, arena.ints().length);
        MemorySegment.copy(arena.longs(), 0, arrays.longs.getSegment(), ValueLayout.JAVA_LONG, 0, arena.longs().length);
        for (Launch launch : launches) {
            run(launch, arrays);
        }
        MemorySegment.copy(arrays.floats.getSegment(), ValueLayout.JAVA_FLOAT, 0, arena.floats(), 0, arena.floats().length);
        MemorySegment.copy(arrays.ints.getSegment(), ValueLayout.JAVA_INT, 0, arena.ints(), 0, arena.ints().length);
        MemorySegment.copy(arrays.longs.getSegment(), ValueLayout.JAVA_LONG, 0, arena.longs(), 0, arena.longs().length);
    }

    private static void run(Launch launch, Arrays arrays) {
        for (int i = 0; i < Params.INTS; i++) {
            arrays.p.set(i, launch.ints()[i]);
        }
        for (int i = 0; i < Params.FLOATS; i++) {
            arrays.q.set(i, launch.floats()[i]);
        }
        String graph = "ricci" + arrays.floats.getSize()
                + launch.kernel().name().toLowerCase(Locale.ROOT).replace("_", "");
        TornadoExecutionPlan plan = arrays.plans.computeIfAbsent(launch.kernel(), k -> plan(graph, k, arrays));
        WorkerGrid grid = launch.groupsY() == 1 ? new WorkerGrid1D(launch.groupsX() * launch.local())
                : new WorkerGrid2D(launch.groupsX() * launch.local(), launch.groupsY());
        grid.setLocalWork(launch.local(), 1, 1);
        plan.withGridScheduler(new GridScheduler(graph + ".t", grid)).execute();
        if (arrays.floats.getSize() > SMALLEST) {
            // Each plan has arrays of its own on the device; together the large ones do not fit.
            plan.freeDeviceMemory();
        }
    }

    /** The plan lives as long as the process. */
    @SuppressWarnings("resource")
    private static TornadoExecutionPlan plan(String graph, Kernel kernel, Arrays a) {
        return new TornadoExecutionPlan(new TaskGraph(graph)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, a.floats, a.ints, a.longs, a.p, a.q)
                .task("t", code(kernel), new KernelContext(), a.floats, a.ints, a.longs, a.p, a.q)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, a.floats, a.ints, a.longs).snapshot());
    }

    @Override
    public long memory() {
        return Math.min(limit(), TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getMaxGlobalMemory() / 10 * 9);
    }

    @Override
    public long largestArray() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getMaxAllocMemory();
    }

    /** What the property allows: a number, and B, KB, MB or GB. */
    private static long limit() {
        String size = System.getProperty(LIMIT);
        String unit = size.replaceAll("[0-9 ]", "").toUpperCase(Locale.ROOT);
        long number = Long.parseLong(size.replaceAll("[^0-9]", ""));
        return number << switch (unit) {
            case "KB" -> 10;
            case "MB" -> 20;
            case "GB" -> 30;
            default -> 0;
        };
    }

    @Override
    public DevicePlan plan(DevicePlan.Description description) {
        boolean captured = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice().getTornadoVMBackend()
                == TornadoVMBackendType.CUDA;
        return new TornadoPlan(description, captured);
    }

    static Task6<KernelContext, FloatArray, IntArray, LongArray, IntArray, FloatArray> code(Kernel kernel) {
        return switch (kernel) {
            case UNARY -> ElementwiseKernels::kUnary;
            case TEST -> ElementwiseKernels::kTest;
            case UNARY_WHOLE -> ElementwiseKernels::kUnaryWhole;
            case GATE -> ElementwiseKernels::kGate;
            case BINARY -> ElementwiseKernels::kBinary;
            case BINARY_WHOLE -> ElementwiseKernels::kBinaryWhole;
            case COMPARE -> ElementwiseKernels::kCompare;
            case COMPARE_WHOLE -> ElementwiseKernels::kCompareWhole;
            case WHERE -> ElementwiseKernels::kWhere;
            case CAST_TO_WHOLE -> ElementwiseKernels::kCastToWhole;
            case CAST_WHOLE -> ElementwiseKernels::kCastWhole;
            case CAST_FROM_WHOLE -> ElementwiseKernels::kCastFromWhole;
            case ROUND -> ElementwiseKernels::kRound;
            case FUSED -> ElementwiseKernels::kFused;
            case COPY -> MovementKernels::kCopy;
            case FILL -> MovementKernels::kFill;
            case ARANGE -> MovementKernels::kArange;
            case TRIANGULAR -> MovementKernels::kTriangular;
            case REDUCE -> ReductionKernels::kReduce;
            case REDUCE_FEW -> ReductionKernels::kReduceFew;
            case REDUCE_WHOLE -> ReductionKernels::kReduceWhole;
            case ARG -> ReductionKernels::kArg;
            case ARG_WHOLE -> ReductionKernels::kArgWhole;
            case CUM_SUM -> ReductionKernels::kCumSum;
            case SORT -> ReductionKernels::kSort;
            case MATMUL -> MatMulKernels::kMatMul;
            case MATMUL_FEW -> MatMulKernels::kMatMulFew;
            case MATMUL_LARGE -> MatMulKernels::kMatMulLarge;
            case SOFTMAX -> RowKernels::kSoftmax;
            case SOFTMAX_BACKWARD -> RowKernels::kSoftmaxBackward;
            case NORM -> RowKernels::kNorm;
            case NORM_BACKWARD -> RowKernels::kNormBackward;
            case NORM_BACKWARD_WEIGHT -> RowKernels::kNormBackwardWeight;
            case CROSS_ENTROPY -> RowKernels::kCrossEntropy;
            case CROSS_ENTROPY_BACKWARD -> RowKernels::kCrossEntropyBackward;
            case SELECT -> IndexKernels::kSelect;
            case GATHER -> IndexKernels::kGather;
            case SCATTER_ADD -> IndexKernels::kScatterAdd;
            case CHAIN -> IndexKernels::kChain;
            case INDEX_ADD -> IndexKernels::kIndexAdd;
            case ONE_HOT -> IndexKernels::kOneHot;
            case ATTENTION -> AttentionKernels::kAttention;
            case ATTENTION_QUERY -> AttentionKernels::kAttentionQuery;
            case ATTENTION_KEY -> AttentionKernels::kAttentionKey;
            case ROTARY -> AttentionKernels::kRotary;
            case SPLIT -> StateKernels::kSplit;
            case UNIFORM -> StateKernels::kUniform;
            case RANDOM_INT -> StateKernels::kRandomInt;
            case NORMAL -> StateKernels::kNormal;
            case DROPOUT -> StateKernels::kDropout;
            case ADAMW -> StateKernels::kAdamW;
            case CONV -> ImageKernels::kConv;
            case CONV_INPUT -> ImageKernels::kConvInput;
            case CONV_WEIGHT -> ImageKernels::kConvWeight;
            case POOL -> ImageKernels::kPool;
            case MAX_POOL_BACKWARD -> ImageKernels::kMaxPoolBackward;
            case AVG_POOL_BACKWARD -> ImageKernels::kAvgPoolBackward;
        };
    }
}
