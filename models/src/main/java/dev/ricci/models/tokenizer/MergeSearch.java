package dev.ricci.models.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;

/**
 * The most frequent pair of neighbours in words, kept up to date while pairs are joined: only the words that hold the
 * joined pair are looked at again.
 */
final class MergeSearch {
    private final int[][] words;
    private final int[] lengths;
    private final int[] counts;
    private final Map<Long, Pair> pairs = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();
    private Pair best;

    /** A pair, how often it occurs now, and the words that held it at some time. */
    private static final class Pair {
        private final int left;
        private final int right;
        private long count;
        private int[] words = new int[2];
        private int size;

        private Pair(int left, int right) {
            this.left = left;
            this.right = right;
        }

        private void in(int word) {
            // Mostly a word that is there already is the last one; one that comes twice costs time only.
            if (size > 0 && words[size - 1] == word) {
                return;
            }
            if (size == words.length) {
                words = Arrays.copyOf(words, size * 2);
            }
            words[size++] = word;
        }
    }

    /** A pair in the queue with its count when it was put there, which may have fallen since. */
    private record Candidate(Pair pair, long count) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate o) {
            int c = Long.compare(o.count, count);
            c = c != 0 ? c : Integer.compare(pair.left, o.pair.left);
            return c != 0 ? c : Integer.compare(pair.right, o.pair.right);
        }
    }

    /**
     * Starts from bytes.
     *
     * @param counts how often each word occurs
     * @param byteIds the id of each byte
     */
    MergeSearch(Map<String, Integer> counts, int[] byteIds) {
        Map<String, Integer> sorted = new TreeMap<>(counts);
        words = new int[sorted.size()][];
        lengths = new int[words.length];
        this.counts = new int[words.length];
        IdBuffer buffer = new IdBuffer();
        int w = 0;
        for (Map.Entry<String, Integer> e : sorted.entrySet()) {
            int n = Utf8.encode(e.getKey().toCharArray(), 0, e.getKey().length(), buffer);
            byte[] bytes = buffer.bytes(n);
            words[w] = new int[n];
            for (int i = 0; i < n; i++) {
                words[w][i] = byteIds[bytes[i] & 0xFF];
            }
            lengths[w] = n;
            this.counts[w] = e.getValue();
            for (int i = 0; i + 1 < n; i++) {
                add(words[w][i], words[w][i + 1], w);
            }
            w++;
        }
        pairs.values().forEach(p -> queue.add(new Candidate(p, p.count)));
    }

    private Pair add(int left, int right, int word) {
        Pair p = pairs.computeIfAbsent(LongIntMap.pair(left, right), k -> new Pair(left, right));
        p.count += counts[word];
        p.in(word);
        return p;
    }

    /** Finds the most frequent pair; false if none occurs so often. */
    boolean next(int minFrequency) {
        while (!queue.isEmpty()) {
            Candidate c = queue.poll();
            if (c.count == c.pair.count) {
                best = c.pair;
                return c.count >= minFrequency;
            }
            if (c.pair.count > 0 && c.count > c.pair.count) {
                queue.add(new Candidate(c.pair, c.pair.count));
            }
        }
        return false;
    }

    int left() {
        return best.left;
    }

    int right() {
        return best.right;
    }

    /** Makes the pair that {@link #next} found one id, wherever it occurs. */
    void join(int id) {
        // Taken out first: it may come back, as another one, if two other pairs make one of its ids.
        pairs.remove(LongIntMap.pair(best.left, best.right));
        best.count = 0;
        Set<Pair> grown = new HashSet<>();
        for (int k = 0; k < best.size; k++) {
            join(best.words[k], id, grown);
        }
        grown.forEach(p -> queue.add(new Candidate(p, p.count)));
    }

    private void join(int w, int id, Set<Pair> grown) {
        int[] word = words[w];
        int n = lengths[w];
        for (int i = 0; i + 1 < n; i++) {
            if (word[i] != best.left || word[i + 1] != best.right) {
                continue;
            }
            if (i > 0) {
                remove(word[i - 1], best.left, w);
                grown.add(add(word[i - 1], id, w));
            }
            if (i + 2 < n) {
                remove(best.right, word[i + 2], w);
                grown.add(add(id, word[i + 2], w));
            }
            word[i] = id;
            System.arraycopy(word, i + 2, word, i + 1, n - i - 2);
            n--;
        }
        lengths[w] = n;
    }

    private void remove(int left, int right, int word) {
        Pair p = pairs.get(LongIntMap.pair(left, right));
        if (p != null) {
            p.count -= counts[word];
        }
    }
}
