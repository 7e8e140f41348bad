package dev.ricci.gpu.probe;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * cuBLAS called straight from Java with offsets into an arena, as a library task of a graph: what TornadoVM's own cuBLAS tasks cannot do, since they
 * take whole arrays. Found through {@code META-INF/services} on the class path. cuBLAS is column-major, so C = A * B of row-major matrices is asked
 * for as C' = B' * A'.
 */
@SuppressWarnings("restricted")
public final class ArenaBlas implements TornadoLibraryProvider {
    static final int F32 = 0;
    static final int TF32 = 1;
    static final int F16 = 2;
    static final int BF16 = 3;

    private static final String NAME = "ricci/arena-blas";
    private static final int CUDA_R_32F = 0;
    private static final int CUDA_R_16F = 2;
    private static final int CUDA_R_16BF = 14;
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_32F_FAST_TF32 = 77;

    /** Operands are halves in an {@code IntArray}, C is F32. {@code cfg = [m, n, k, a, b, c]} is read on the host when the task is launched. */
    static LibraryTaskDescriptor packed(IntArray halves, FloatArray out, IntArray cfg, int type) {
        return new LibraryTaskDescriptor().withLibrary(NAME).withFunction("packed").withParameters(new Object[] {halves, out, cfg, type})
                .withAccess(new Access[] {Access.READ_ONLY, Access.READ_WRITE, Access.READ_ONLY, Access.READ_ONLY});
    }

    /** Operands and C lie in one arena; C at {@code c}. */
    static LibraryTaskDescriptor floats(FloatArray arena, IntArray cfg, int c, int type) {
        return new LibraryTaskDescriptor().withLibrary(NAME).withFunction("floats").withParameters(new Object[] {arena, cfg, c, type})
                .withAccess(new Access[] {Access.READ_WRITE, Access.READ_ONLY, Access.READ_ONLY, Access.READ_ONLY});
    }

    /** A cuBLAS handle bound to the plan's stream, and the functions called. */
    private static final class Blas implements LibraryContext {
        private final Arena memory = Arena.ofShared();
        private final MethodHandle gemm;
        private final MethodHandle destroy;
        private final MemorySegment one = memory.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
        private final MemorySegment zero = memory.allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
        private final long handle;

        Blas(long stream) {
            SymbolLookup library = SymbolLookup.libraryLookup(System.getProperty("probe.cublas", "libcublas.so.13"), memory);
            ValueLayout.OfInt i = ValueLayout.JAVA_INT;
            ValueLayout.OfLong l = ValueLayout.JAVA_LONG;
            ValueLayout p = ValueLayout.ADDRESS;
            MethodHandle create = function(library, "cublasCreate_v2", FunctionDescriptor.of(i, p));
            MethodHandle setStream = function(library, "cublasSetStream_v2", FunctionDescriptor.of(i, l, l));
            destroy = function(library, "cublasDestroy_v2", FunctionDescriptor.of(i, l));
            gemm = function(library, "cublasGemmEx", FunctionDescriptor.of(i, l, i, i, i, i, i, p, l, i, i, l, i, i, p, l, i, i, i, i));
            MemorySegment made = memory.allocate(l);
            try {
                check((int) create.invokeExact(made), "cublasCreate");
                handle = made.get(l, 0);
                check((int) setStream.invokeExact(handle, stream), "cublasSetStream");
            } catch (RuntimeException e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        private static MethodHandle function(SymbolLookup library, String name, FunctionDescriptor type) {
            return Linker.nativeLinker().downcallHandle(library.find(name).orElseThrow(() -> new IllegalStateException("cuBLAS lacks " + name)), type);
        }

        void multiply(int m, int n, int k, long a, long b, long c, int operands, int compute) {
            try {
                check((int) gemm.invokeExact(handle, 0, 0, n, m, k, one, b, operands, n, a, operands, k, zero, c, CUDA_R_32F, n, compute, -1), "cublasGemmEx");
            } catch (RuntimeException e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        void close() {
            try {
                check((int) destroy.invokeExact(handle), "cublasDestroy");
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            } finally {
                memory.close();
            }
        }
    }

    private static void check(int status, String what) {
        if (status != 0) {
            throw new IllegalStateException(what + " returned " + status);
        }
    }

    @Override
    public String libraryName() {
        return NAME;
    }

    @Override
    public boolean canHandle(TornadoXPUDevice device) {
        return device instanceof TornadoNativeStreamSupport;
    }

    @Override
    public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
        return new Blas(((TornadoNativeStreamSupport) device).getNativeStream(executionPlanId));
    }

    @Override
    public void dispatch(String function, LibraryInvocation call) {
        Blas blas = (Blas) call.getContext();
        if (function.equals("packed")) {
            IntArray cfg = (IntArray) call.getArg(2);
            long halves = call.getDevicePointer(0);
            int type = (int) call.getArg(3) == BF16 ? CUDA_R_16BF : CUDA_R_16F;
            blas.multiply(cfg.get(0), cfg.get(1), cfg.get(2), halves + 2L * cfg.get(3), halves + 2L * cfg.get(4), call.getDevicePointer(1) + 4L * cfg.get(5), type,
                    COMPUTE_32F);
        } else {
            IntArray cfg = (IntArray) call.getArg(1);
            long arena = call.getDevicePointer(0);
            blas.multiply(cfg.get(0), cfg.get(1), cfg.get(2), arena + 4L * cfg.get(3), arena + 4L * cfg.get(4), arena + 4L * (int) call.getArg(2), CUDA_R_32F,
                    (int) call.getArg(3) == TF32 ? COMPUTE_32F_FAST_TF32 : COMPUTE_32F);
        }
    }

    @Override
    public void destroyContext(LibraryContext context) {
        ((Blas) context).close();
    }
}
