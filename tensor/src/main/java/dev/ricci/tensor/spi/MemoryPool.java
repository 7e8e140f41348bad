package dev.ricci.tensor.spi;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Arrays that wait to be used again. A new array comes zeroed, from memory that is in no cache, and fills the young
 * generation; one of the pool was written a moment ago. The last one given is the first one taken, for it is the most
 * likely to be in the cache. The pool as a whole is softly reachable, so that it goes before memory runs out.
 */
final class MemoryPool {
    /** The smallest array that is worth it; a smaller one is made faster than found. */
    static final int SMALLEST = 4096;
    /** How often, on average, an array is used between two looks for what nobody uses. */
    private static final int USES_BETWEEN_TRIMS = 16;
    /** Where steps are told: a look after so many, since each may have sizes of its own, and give much and use little. */
    private static final int STEPS_BETWEEN_TRIMS = 16;

    private static SoftReference<MemoryPool> shared = new SoftReference<>(null);
    /** Read without the lock: where nothing is ever given back, taking costs nothing. */
    private static volatile boolean used;

    private static final class Shelf {
        final ArrayDeque<float[]> free = new ArrayDeque<>();
        /** The fewest that lay here since the last trim. */
        int fewest;
    }

    private final Map<Integer, Shelf> shelves = new HashMap<>();
    private long elements;
    /** The most that lay here since the last trim. */
    private long most;
    private long given;
    private int steps;

    private MemoryPool() {
    }

    /** An array of this length with any content, or null if there is none. */
    static float[] take(int size) {
        return used && size >= SMALLEST ? taken(size) : null;
    }

    private static synchronized float[] taken(int size) {
        MemoryPool pool = shared.get();
        return pool == null ? null : pool.pop(size);
    }

    /** Gives an array to whom takes it next. */
    static synchronized void give(float[] array) {
        used = true;
        MemoryPool pool = shared.get();
        if (pool == null) {
            pool = new MemoryPool();
            shared = new SoftReference<>(pool);
        }
        pool.push(array);
    }

    /** Drops from time to time what none of the last steps used. */
    static synchronized void stepEnded() {
        MemoryPool pool = shared.get();
        if (pool != null && ++pool.steps == STEPS_BETWEEN_TRIMS) {
            pool.trim();
        }
    }

    private float[] pop(int size) {
        Shelf shelf = shelves.get(size);
        if (shelf == null || shelf.free.isEmpty()) {
            return null;
        }
        float[] array = shelf.free.pop();
        shelf.fewest = Math.min(shelf.fewest, shelf.free.size());
        elements -= size;
        return array;
    }

    private void push(float[] array) {
        shelves.computeIfAbsent(array.length, s -> new Shelf()).free.push(array);
        elements += array.length;
        most = Math.max(most, elements);
        given += array.length;
        if (given > USES_BETWEEN_TRIMS * most) {
            trim();
        }
    }

    /** Drops what lay here all the time: the arrays of another batch size, say. */
    private void trim() {
        for (Shelf shelf : shelves.values()) {
            for (int i = 0; i < shelf.fewest; i++) {
                elements -= shelf.free.removeLast().length;
            }
            shelf.fewest = shelf.free.size();
        }
        shelves.values().removeIf(s -> s.free.isEmpty());
        most = elements;
        given = 0;
        steps = 0;
    }
}
