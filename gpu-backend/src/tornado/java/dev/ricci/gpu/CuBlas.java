package dev.ricci.gpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;

/** A handle of cuBLAS bound to a stream, and the few functions that are called, straight from Java. */
@SuppressWarnings("restricted")
final class CuBlas implements LibraryContext {
    private static final List<String> NAMES = List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so");
    private static final int DEFAULT_MATH = 0;
    private static final int TF32_MATH = 3;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout POINTER = ValueLayout.ADDRESS;

    private final Arena memory = Arena.ofShared();
    private final MemorySegment one = memory.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
    private final MemorySegment zero = memory.allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
    private final MethodHandle destroy;
    private final MethodHandle gemm;
    private final MethodHandle batched;
    private final long handle;

    /**
     * @param stream of CUDA, on which everything runs
     * @param tf32 whether products may round their operands to TF32
     */
    CuBlas(long stream, boolean tf32) {
        SymbolLookup library = library(memory);
        MethodHandle create = function(library, "cublasCreate_v2", POINTER);
        MethodHandle setStream = function(library, "cublasSetStream_v2", LONG, LONG);
        MethodHandle setMode = function(library, "cublasSetMathMode", LONG, INT);
        destroy = function(library, "cublasDestroy_v2", LONG);
        gemm = function(library, "cublasSgemm_v2", LONG, INT, INT, INT, INT, INT, POINTER, LONG, INT, LONG, INT, POINTER,
                LONG, INT);
        batched = function(library, "cublasSgemmStridedBatched", LONG, INT, INT, INT, INT, INT, POINTER, LONG, INT, LONG,
                LONG, INT, LONG, POINTER, LONG, INT, LONG, INT);
        MemorySegment made = memory.allocate(LONG);
        try {
            check((int) create.invokeExact(made), "cublasCreate");
            handle = made.get(LONG, 0);
            check((int) setStream.invokeExact(handle, stream), "cublasSetStream");
            check((int) setMode.invokeExact(handle, tf32 ? TF32_MATH : DEFAULT_MATH), "cublasSetMathMode");
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** Whether the library is there. */
    static boolean isLoadable() {
        try (Arena shortLived = Arena.ofConfined()) {
            return library(shortLived) != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static SymbolLookup library(Arena memory) {
        IllegalArgumentException missing = null;
        for (String name : NAMES) {
            try {
                return SymbolLookup.libraryLookup(name, memory);
            } catch (IllegalArgumentException e) {
                missing = e;
            }
        }
        throw missing;
    }

    private static MethodHandle function(SymbolLookup library, String name, ValueLayout... parameters) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(INT, parameters));
    }

    /** Multiplies within an array that begins at an address of the device. */
    void multiply(BlasCall call, long floats) {
        long a = floats + 4L * call.a();
        long b = floats + 4L * call.b();
        long c = floats + 4L * call.c();
        int turnA = call.turnedA() ? 1 : 0;
        int turnB = call.turnedB() ? 1 : 0;
        MemorySegment beta = call.adds() ? one : zero;
        try {
            if (call.batches() == 1) {
                check((int) gemm.invokeExact(handle, turnB, turnA, call.n(), call.m(), call.k(), one, b, call.leadingB(), a,
                        call.leadingA(), beta, c, call.n()), "cublasSgemm");
            } else {
                check((int) batched.invokeExact(handle, turnB, turnA, call.n(), call.m(), call.k(), one, b, call.leadingB(),
                        (long) call.stepB(), a, call.leadingA(), (long) call.stepA(), beta, c, call.n(),
                        (long) call.m() * call.n(), call.batches()), "cublasSgemmStridedBatched");
            }
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    void close() {
        try {
            check((int) destroy.invokeExact(handle), "cublasDestroy");
        } catch (Throwable e) {
            throw failed(e);
        } finally {
            memory.close();
        }
    }

    private static void check(int status, String function) {
        if (status != 0) {
            throw new IllegalStateException(function + " returned " + status);
        }
    }

    private static RuntimeException failed(Throwable e) {
        return e instanceof RuntimeException known ? known : new IllegalStateException(e);
    }
}
