package dev.ricci.bench.peers;

import ai.djl.util.Utils;
import dev.ricci.bench.Contestant;
import dev.ricci.bench.Peer;
import dev.ricci.bench.Workload;
import dev.ricci.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.function.Supplier;

/** OpenBLAS: {@code cblas_sgemm}, called through {@code java.lang.foreign} on memory outside the heap. */
public final class OpenBlasPeer implements Peer {
    private static final String NAME = "OpenBLAS";
    private static final long ALIGNMENT = 64;

    /** Made by the service loader. */
    public OpenBlasPeer() {
    }

    @Override
    public Map<String, Supplier<Contestant>> contestants(Workload workload, int threads) {
        return switch (workload) {
            case Workload.Gemm w -> Map.of(NAME, () -> product(w, threads));
            case Workload.Linear w -> Map.of(NAME, () -> product(new Workload.Gemm(w.x(), w.weight(), false, true),
                    threads));
            default -> Map.of();
        };
    }

    private static Contestant product(Workload.Gemm w, int threads) {
        Arena arena = Arena.ofShared();
        MemorySegment a = copy(arena, w.a());
        MemorySegment b = copy(arena, w.b());
        MemorySegment c = arena.allocate((long) w.m() * w.n() * Float.BYTES, ALIGNMENT);
        Library.threads(threads);
        return new Contestant(1, () -> Library.multiply(w, a, b, c), () -> c.toArray(ValueLayout.JAVA_FLOAT),
                arena::close);
    }

    private static MemorySegment copy(Arena arena, Tensor t) {
        MemorySegment segment = arena.allocate(t.size() * (long) Float.BYTES, ALIGNMENT);
        MemorySegment.copy(t.toFloatArray(), 0, segment, ValueLayout.JAVA_FLOAT, 0, t.size());
        return segment;
    }

    /** Unpacked from the jar and loaded once. Native code is what this is for, and the JVM is told to allow it. */
    @SuppressWarnings("restricted")
    private static final class Library {
        private static final String FOLDER = "/org/bytedeco/openblas/linux-x86_64/";
        private static final int ROW_MAJOR = 101;
        private static final int NOT_TRANSPOSED = 111;
        private static final int TRANSPOSED = 112;
        private static final MethodHandle SET_THREADS;
        private static final MethodHandle SGEMM;

        static {
            try {
                // Where DJL unpacks its own: a property in the tests, a variable under the launcher.
                Path cache = Path.of(Utils.getEnvOrSystemProperty("ENGINE_CACHE_DIR",
                        System.getProperty("java.io.tmpdir")), "openblas");
                Files.createDirectories(cache);
                // In the order in which they need each other.
                for (String name : new String[] {"libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5"}) {
                    System.load(unpack(cache, name).toString());
                }
                SymbolLookup library = SymbolLookup.libraryLookup(unpack(cache, "libopenblas.so.0"), Arena.global());
                Linker linker = Linker.nativeLinker();
                SET_THREADS = linker.downcallHandle(library.findOrThrow("openblas_set_num_threads"),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
                SGEMM = linker.downcallHandle(library.findOrThrow("cblas_sgemm"), FunctionDescriptor.ofVoid(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT, ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_FLOAT,
                        ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static Path unpack(Path folder, String name) throws IOException {
            Path file = folder.resolve(name).toAbsolutePath();
            if (!Files.exists(file)) {
                Path part = Files.createTempFile(folder, name, ".part");
                try (InputStream in = OpenBlasPeer.class.getResourceAsStream(FOLDER + name)) {
                    Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                }
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            }
            return file;
        }

        static void threads(int n) {
            try {
                SET_THREADS.invokeExact(n);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        static void multiply(Workload.Gemm w, MemorySegment a, MemorySegment b, MemorySegment c) {
            try {
                SGEMM.invokeExact(ROW_MAJOR, w.transA() ? TRANSPOSED : NOT_TRANSPOSED,
                        w.transB() ? TRANSPOSED : NOT_TRANSPOSED, w.m(), w.n(), w.k(), 1f, a, w.a().dim(1), b,
                        w.b().dim(1), 0f, c, w.n());
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
