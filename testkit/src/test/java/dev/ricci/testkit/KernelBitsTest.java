package dev.ricci.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.cpu.Threads;
import dev.ricci.tensor.spi.Backend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.sessions.JqwikSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The CPU's kernels give the same bits with one thread and with more, interpreted and compiled. */
final class KernelBitsTest {
    private static final int LARGE_CASES = 3;
    private static final int DIGEST_CASES = 8;
    private static final int WARM_UP = 150;

    @BeforeAll
    static void widthIsThere() {
        Kernels.assumeWidth();
    }

    @TestFactory
    Stream<DynamicTest> threads() {
        assertTrue(Threads.available() > 1, "set ricci.threads to 2 or more: with one thread this tests nothing");
        Backend backend = CpuBackend.create();
        return OpCatalog.rows().stream().map(row -> dynamicTest(row.name(), () -> Conformance.check(row, Profile.LARGE,
                LARGE_CASES, c -> {
                    List<Tensor> serial = Threads.limit(1, () -> CaseRuns.forward(backend, c));
                    for (int threads = 2; threads <= Threads.available(); threads++) {
                        int limit = threads;
                        BackendConformance.assertSameBits(limit + " threads",
                                Threads.limit(limit, () -> CaseRuns.forward(backend, c)), serial);
                    }
                })));
    }

    @Test
    void interpretedAndCompiled() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "-Xint", "-Xmx1g", "--add-modules", "jdk.incubator.vector"));
        for (String name : List.of("ricci.kernels", "ricci.vector.bits", "ricci.threads")) {
            String value = System.getProperty(name);
            if (value != null) {
                command.add("-D" + name + "=" + value);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path",
                System.getProperty("java.class.path")), KernelBitsTest.class.getName()));
        Process interpreted = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        List<String> compiled = digests(WARM_UP);
        String output = new String(interpreted.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(interpreted.waitFor(2, TimeUnit.MINUTES), "the interpreted run has not ended");
        assertEquals(0, interpreted.exitValue(), output);
        List<String> lines = output.lines().toList();
        assertEquals(OpCatalog.rows().size(), lines.size(), output);
        assertEquals(compiled, lines);
    }

    /** Prints the digest of each row's results. */
    public static void main(String[] args) {
        digests(0).forEach(System.out::println);
    }

    /** For each row its name and a checksum of the bits of its results, taken after some runs that warm up. */
    private static List<String> digests(int warmUp) {
        Backend backend = CpuBackend.create();
        List<String> lines = new ArrayList<>();
        JqwikSession.run(() -> {
            for (OpRow row : OpCatalog.rows()) {
                RandomGenerator<OpCase> generator = row.cases(Profile.FORWARD).generator(DIGEST_CASES);
                Random random = new Random(row.name().hashCode());
                CRC32 sum = new CRC32();
                for (int i = 0; i < DIGEST_CASES; i++) {
                    OpCase call = generator.next(random).value();
                    for (int w = 0; w < warmUp; w++) {
                        CaseRuns.forward(backend, call);
                    }
                    CaseRuns.forward(backend, call).forEach(t -> add(sum, t));
                }
                lines.add(row.name() + " " + Long.toHexString(sum.getValue()));
            }
        });
        return lines;
    }

    private static void add(CRC32 sum, Tensor t) {
        for (double v : t.toDoubleArray()) {
            long bits = Double.doubleToLongBits(v);
            for (int shift = 0; shift < 64; shift += 8) {
                sum.update((int) (bits >>> shift));
            }
        }
    }
}
