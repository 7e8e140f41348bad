package dev.ricci.examples;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory that this process has held. */
final class PeakMemory {
    private static final double MEGABYTE = 1e6;

    private PeakMemory() {
    }

    /** Resident memory where the system tells (Linux), else the sum of the JVM's pools at their peaks. */
    static double megabytes() {
        Path status = Path.of("/proc/self/status");
        if (Files.isReadable(status)) {
            try {
                for (String line : Files.readAllLines(status)) {
                    if (line.startsWith("VmHWM:")) {
                        return Long.parseLong(line.replaceAll("\\D", "")) * 1024 / MEGABYTE;
                    }
                }
            } catch (IOException e) {
                return pools();
            }
        }
        return pools();
    }

    private static double pools() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().map(MemoryPoolMXBean::getPeakUsage)
            .mapToLong(u -> u.getUsed()).sum() / MEGABYTE;
    }
}
