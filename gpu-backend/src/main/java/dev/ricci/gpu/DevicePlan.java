package dev.ricci.gpu;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** A program's memory and launches, kept on a device between runs. Not thread-safe. */
interface DevicePlan extends AutoCloseable {
    /**
     * Launches that follow each other without the host.
     *
     * @param after what the host does then, or null
     */
    record Segment(List<Launch> launches, Runnable after) {
    }

    /**
     * What a plan is made of; of each array the one of floats, of ints, of longs.
     *
     * @param name of the program
     * @param sizes elements of the arrays
     * @param inputs elements of each array, from its beginning, that every run writes
     * @param results elements of each array, behind the inputs, that every run reads
     * @param chunk most elements that {@link #store} and {@link #load} move at once
     * @param segments in order
     */
    record Description(String name, int[] sizes, int[] inputs, int[] results, int[] chunk, List<Segment> segments) {
        /** Bytes on the device. */
        long bytes() {
            long sum = 0;
            for (int t = 0; t < 3; t++) {
                sum += (t == 2 ? 8L : 4L) * ((long) sizes[t] + inputs[t] + results[t] + 2L * chunk[t]);
            }
            return sum;
        }
    }

    /** What the next run writes to the inputs of an array. */
    MemorySegment inputs(int type);

    /** What the last run read from the results of an array. */
    MemorySegment results(int type);

    /** Runs everything once. */
    void run();

    /** Where {@link #store} takes elements of an array from and {@link #load} puts them. */
    MemorySegment chunk(int type);

    /** Writes elements of the chunk into an array on the device. */
    void store(int type, int at, int count);

    /** Reads elements of an array on the device into the chunk. */
    void load(int type, int at, int count);

    @Override
    void close();
}
