package dev.ricci.models.generation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The likeliest ids of a step. */
final class Candidates {
    private static final Comparator<Generation.Candidate> WORST_FIRST = Comparator
            .comparingDouble(Generation.Candidate::logProbability)
            .thenComparing(Generation.Candidate::id, Comparator.reverseOrder());

    private Candidates() {
    }

    /** The best {@code n}, the best first; equal ones are ordered by id. */
    static List<Generation.Candidate> best(float[] logProbabilities, int n) {
        if (n == 0) {
            return List.of();
        }
        PriorityQueue<Generation.Candidate> best = new PriorityQueue<>(n, WORST_FIRST);
        for (int id = 0; id < logProbabilities.length; id++) {
            if (best.size() < n) {
                best.add(new Generation.Candidate(id, logProbabilities[id]));
            } else if (logProbabilities[id] > best.peek().logProbability()) {
                best.poll();
                best.add(new Generation.Candidate(id, logProbabilities[id]));
            }
        }
        List<Generation.Candidate> ordered = new ArrayList<>(best);
        ordered.sort(WORST_FIRST.reversed());
        return Collections.unmodifiableList(ordered);
    }
}
