package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Graph;
import dev.ricci.tensor.program.MemoryPlan;
import dev.ricci.tensor.program.Value;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the buffers of a lowered program lie in the device's three arrays: inputs first, then results, then what is held,
 * then intermediate values, which share places, and last the scratch region that launches use one after another.
 */
final class ResidentMemory implements Memory {
    private final Map<Buffer, Integer> offsets = new HashMap<>();
    private final long[] sizes = new long[3];
    private final long[] inputs;
    private final long[] results;
    private final long held;
    private final MemoryPlan plan;
    private final int scratchFrom;
    private int scratchSize;

    ResidentMemory(Graph graph) {
        for (Value v : graph.inputs()) {
            take(v.buffer());
        }
        inputs = sizes.clone();
        for (Value v : graph.results()) {
            take(v.buffer());
        }
        results = sizes.clone();
        graph.buffers(Buffer.Kind.HELD).forEach(this::take);
        held = bytes(sizes) - bytes(results);
        plan = MemoryPlan.of(graph);
        Map<DType, long[]> bases = new EnumMap<>(DType.class);
        plan.arenas().forEach((dtype, lengths) -> bases.put(dtype, bases(dtype, lengths)));
        plan.places().forEach((buffer, place) -> offsets.put(buffer, element(graph,
                bases.get(buffer.dtype())[place.arena()] + place.offset())));
        for (long s : sizes) {
            element(graph, s);
        }
        scratchFrom = (int) sizes[1];
    }

    private void take(Buffer b) {
        if (!offsets.containsKey(b)) {
            int type = Memory.type(b.dtype());
            offsets.put(b, (int) Math.min(sizes[type], Integer.MAX_VALUE));
            sizes[type] += b.size();
        }
    }

    private long[] bases(DType dtype, List<Integer> lengths) {
        int type = Memory.type(dtype);
        long[] at = new long[lengths.size()];
        for (int i = 0; i < at.length; i++) {
            at[i] = sizes[type];
            sizes[type] += lengths.get(i);
        }
        return at;
    }

    private static int element(Graph graph, long at) {
        if (at > Integer.MAX_VALUE - 1024) {
            throw new DeviceException("program '" + graph.name() + "': needs an array of more than 2^31 elements on the"
                    + " device; use smaller batches or shorter sequences");
        }
        return (int) at;
    }

    @Override
    public int offset(Value value) {
        return offsets.get(value.buffer()) + value.layout().offset();
    }

    @Override
    public int scratch(int ints) {
        scratchSize = Math.max(scratchSize, ints);
        return scratchFrom;
    }

    /** Where a buffer's first element lies. */
    int offset(Buffer buffer) {
        return offsets.get(buffer);
    }

    /** Elements of the arrays. */
    int[] sizes() {
        return new int[] {(int) sizes[0], Math.addExact((int) sizes[1], scratchSize), (int) sizes[2]};
    }

    /** Elements of the arrays, from the beginning, that inputs take. */
    int[] inputs() {
        return new int[] {(int) inputs[0], (int) inputs[1], (int) inputs[2]};
    }

    /** Elements of the arrays, behind the inputs, that results take. */
    int[] results() {
        int[] elements = new int[3];
        for (int t = 0; t < 3; t++) {
            elements[t] = (int) (results[t] - inputs[t]);
        }
        return elements;
    }

    /** Bytes of parameters, states and constants. */
    long heldBytes() {
        return held;
    }

    /** Bytes of intermediate values. */
    long intermediateBytes() {
        return bytes(sizes) - held - bytes(results);
    }

    /** Bytes that the intermediate values would take if none shared its place. */
    long unsharedBytes() {
        return plan.unsharedBytes();
    }

    private static long bytes(long[] elements) {
        return 4 * elements[0] + 4 * elements[1] + 8 * elements[2];
    }
}
