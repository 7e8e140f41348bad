package dev.ricci.tensor.program;

import dev.ricci.tensor.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the scratch buffers of a program lie: a few arrays for each element type, in which buffers that do not live at
 * the same time share their place. The largest buffer is placed first, each as low as it fits (Pisarchyk and Lee 2020,
 * "Efficient memory management for deep neural net inference", greedy by size).
 */
public final class MemoryPlan {
    /** Places are multiples of this many elements, a cache line of F32. */
    private static final int ALIGNMENT = 16;

    /**
     * A place of a buffer.
     *
     * @param arena which array of its element type
     * @param offset of its first element there
     */
    public record Place(int arena, int offset) {
    }

    /** When a buffer is written first and touched last, as numbers of instructions. */
    private record Life(Buffer buffer, int from, int to) {
        Life until(int later) {
            return new Life(buffer, from, later);
        }

        boolean meets(Life other) {
            return from <= other.to && other.from <= to;
        }
    }

    private record Placed(Life life, int from, long to) {
    }

    private final Map<Buffer, Place> places = new LinkedHashMap<>();
    private final Map<DType, List<Integer>> arenas = new EnumMap<>(DType.class);
    private final long bytes;
    private final long unshared;

    private MemoryPlan(Graph graph, int arenaLimit) {
        Map<DType, List<Life>> byType = new EnumMap<>(DType.class);
        lives(graph).forEach(l -> byType.computeIfAbsent(l.buffer.dtype(), t -> new ArrayList<>()).add(l));
        long sum = 0;
        long all = 0;
        for (Map.Entry<DType, List<Life>> e : byType.entrySet()) {
            List<Integer> sizes = place(e.getValue(), arenaLimit);
            arenas.put(e.getKey(), sizes);
            for (int s : sizes) {
                sum += (long) s * e.getKey().blockBytes();
            }
            all += e.getValue().stream().mapToLong(l -> l.buffer.bytes()).sum();
        }
        bytes = sum;
        unshared = all;
    }

    /** The plan of a program. */
    public static MemoryPlan of(Graph graph) {
        return of(graph, Integer.MAX_VALUE - 64);
    }

    /** With arrays of at most so many elements, but for buffers that are larger. */
    static MemoryPlan of(Graph graph, int arenaLimit) {
        return new MemoryPlan(graph, arenaLimit);
    }

    private static List<Life> lives(Graph graph) {
        Map<Buffer, Life> lives = new LinkedHashMap<>();
        for (int n = 0; n < graph.instructions().size(); n++) {
            Instruction i = graph.instructions().get(n);
            int now = n;
            for (List<Value> touched : List.of(i.inputs(), i.outputs())) {
                for (Value v : touched) {
                    if (v.buffer().kind() == Buffer.Kind.SCRATCH) {
                        lives.merge(v.buffer(), new Life(v.buffer(), now, now), (old, x) -> old.until(now));
                    }
                }
            }
        }
        return new ArrayList<>(lives.values());
    }

    /** Places all buffers of one type; the lengths of the arrays. */
    private List<Integer> place(List<Life> lives, int arenaLimit) {
        lives.sort(Comparator.comparingInt((Life l) -> l.buffer.size()).reversed().thenComparingInt(Life::from));
        List<List<Placed>> arenasSoFar = new ArrayList<>();
        for (Life life : lives) {
            int arena = 0;
            long at;
            do {
                if (arena == arenasSoFar.size()) {
                    arenasSoFar.add(new ArrayList<>());
                }
                at = lowest(arenasSoFar.get(arena), life);
            } while (at > 0 && at + life.buffer.size() > arenaLimit && ++arena >= 0);
            List<Placed> there = arenasSoFar.get(arena);
            there.add(new Placed(life, (int) at, at + life.buffer.size()));
            there.sort(Comparator.comparingInt(Placed::from));
            places.put(life.buffer, new Place(arena, (int) at));
        }
        return arenasSoFar.stream().map(a -> (int) a.stream().mapToLong(Placed::to).max().orElse(0)).toList();
    }

    /** The lowest offset at which nothing lies that lives at the same time. */
    private static long lowest(List<Placed> sorted, Life life) {
        long at = 0;
        for (Placed p : sorted) {
            if (p.life.meets(life)) {
                if (at + life.buffer.size() <= p.from) {
                    return at;
                }
                at = Math.max(at, (p.to + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
            }
        }
        return at;
    }

    /** The place of each scratch buffer that is touched. */
    public Map<Buffer, Place> places() {
        return Collections.unmodifiableMap(places);
    }

    /** The lengths of the arrays of each element type, in elements. */
    public Map<DType, List<Integer>> arenas() {
        return Collections.unmodifiableMap(arenas);
    }

    /** Bytes of all arrays. */
    public long bytes() {
        return bytes;
    }

    /** Bytes that the buffers would take if none shared its place. */
    public long unsharedBytes() {
        return unshared;
    }
}
