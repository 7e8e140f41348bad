package dev.ricci.bench;

import com.sun.management.ThreadMXBean;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** A process that makes three training steps with one contestant and prints how much memory that took. */
final class MemoryProbe {
    static final Path STATUS = Path.of("/proc/self/status");
    private static final Path RESET = Path.of("/proc/self/clear_refs");
    private static final int STEPS = 3;
    private static final double MEGABYTE = 1e6;

    private MemoryProbe() {
    }

    static Workload.TrainStep workload(boolean quick) {
        return quick ? TrainSuite.tiny() : TrainSuite.gpt2();
    }

    /**
     * Arguments: the contestant's name, whether a small model is enough, and the number of threads.
     *
     * @throws IOException if the system does not tell
     */
    public static void main(String[] args) throws IOException {
        String name = args[0];
        Workload w = workload(Boolean.parseBoolean(args[1]));
        int threads = Integer.parseInt(args[2]);
        Map<String, Supplier<Contestant>> makers = new LinkedHashMap<>();
        makers.put(RicciContestant.NAME, () -> RicciContestant.of(w, threads));
        BenchCommand.peers().forEach(p -> makers.putAll(p.contestants(w, threads)));
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Contestant c = makers.get(name).get()) {
            if (!name.equals(RicciContestant.NAME)) {
                // A peer's first weights were copied from a Java model, which is garbage now: it does not count.
                System.gc();
                Files.writeString(RESET, "5");
            }
            c.call().run();
            long allocated = memory.getTotalThreadAllocatedBytes();
            for (int i = 1; i < STEPS; i++) {
                c.call().run();
            }
            allocated = memory.getTotalThreadAllocatedBytes() - allocated;
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("peak_mb", peakBytes() / MEGABYTE);
            found.put("allocated_mb_per_step", allocated / MEGABYTE / (STEPS - 1));
            System.out.println(Json.write(found));
        }
    }

    private static double peakBytes() throws IOException {
        return status("VmHWM");
    }

    /** Resident memory of this process. */
    static double residentBytes() throws IOException {
        return status("VmRSS");
    }

    private static double status(String field) throws IOException {
        for (String line : Files.readAllLines(STATUS)) {
            if (line.startsWith(field + ":")) {
                return 1024.0 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException(STATUS + " has no " + field);
    }
}
