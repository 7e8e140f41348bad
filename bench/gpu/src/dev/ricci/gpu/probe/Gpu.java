package dev.ricci.gpu.probe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The device under test, and what every probe needs: sizes, grids, timing, the numbers that fill a buffer. */
final class Gpu {
    /** True on a machine without a real GPU: sizes are cut so that the same code runs in seconds. */
    static final boolean TINY = Boolean.getBoolean("probe.tiny");

    private Gpu() {
    }

    static TornadoDevice device() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    }

    static String backend() {
        return System.getProperty("probe.backend", device().getTornadoVMBackend().name().toLowerCase(java.util.Locale.ROOT));
    }

    /** Work-groups of {@code local} items, {@code groupsX} by {@code groupsY} of them. */
    static WorkerGrid groups(int groupsX, int groupsY, int local) {
        WorkerGrid grid = groupsY == 1 ? new WorkerGrid1D(groupsX * local) : new WorkerGrid2D(groupsX * local, groupsY);
        grid.setLocalWork(local, 1, 1);
        return grid;
    }

    /** Copies {@code count} elements from {@code offset} of a resident array back to the host array, and returns them. */
    static float[] read(TornadoExecutionResult result, FloatArray array, long offset, int count) {
        result.transferToHost(new DataRange(array).withOffset(offset).withSize(count));
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = array.get((int) (offset + i));
        }
        return values;
    }

    /** The median wall time of one call in microseconds, after warm-up calls; it stops early when {@code budgetMillis} is spent. */
    static double medianMicros(int warmUp, int repeats, long budgetMillis, Runnable call) {
        long end = System.nanoTime() + budgetMillis * 1_000_000;
        for (int i = 0; i < warmUp && System.nanoTime() < end; i++) {
            call.run();
        }
        end = System.nanoTime() + budgetMillis * 1_000_000;
        List<Double> times = new ArrayList<>();
        for (int i = 0; i < repeats && (i < 3 || System.nanoTime() < end); i++) {
            long start = System.nanoTime();
            call.run();
            times.add((System.nanoTime() - start) / 1e3);
        }
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    static double millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e6;
    }

    /**
     * The number that {@link Kernels#fill} writes at an index: in [-0.5, 0.5), a multiple of 2^-10, so that half precision holds it
     * exactly. The hash keeps its sign bit clear, because {@code >>>} is not to be trusted on every backend (see {@link TruthProbe}).
     */
    static float valueAt(int index) {
        int h = (index * 0x9E3779B1) & 0x7FFFFFFF;
        h = ((h ^ (h >> 15)) * 0x85EBCA77) & 0x7FFFFFFF;
        h ^= h >> 13;
        return (h & 1023) * (1f / 1024f) - 0.5f;
    }

    /** The whole cause of a failure in one line. */
    static String words(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = failure; t != null && text.length() < 600; t = t.getCause()) {
            if (!text.isEmpty()) {
                text.append(" <- ");
            }
            text.append(t.getClass().getSimpleName()).append(": ").append(t.getMessage());
            if (text.length() < 120 && t.getStackTrace().length > 0) {
                text.append(" at ").append(t.getStackTrace()[0]);
            }
        }
        String line = text.toString().replaceAll("\\e\\[[0-9;]*m", "").replaceAll("\\s+", " ");
        return line.length() > 600 ? line.substring(0, 600) : line;
    }

    /** One checksum over the bits of numbers: equal for two runs only if every bit is. */
    static int bits(float[] values) {
        int[] raw = new int[values.length];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = Float.floatToRawIntBits(values[i]);
        }
        return Arrays.hashCode(raw);
    }
}
