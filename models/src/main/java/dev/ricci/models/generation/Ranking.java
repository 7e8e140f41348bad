package dev.ricci.models.generation;

import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;

/**
 * Ids in the order of their scores, the best first and equal ones by id, with weights exp((score - best) /
 * temperature). A heap puts them in order only as far as somebody looks: of a large vocabulary that is a few.
 */
final class Ranking {
    /** Less than exp of it, relative to the best, is out of reach of a draw of 53 bits. */
    private static final double OUT_OF_REACH = -50;

    private final double[] scores;
    /** Of all ids; null where so few are kept that it is cheaper to compute only theirs. */
    private final float[] weights;
    private final double best;
    private final double temperature;
    private final int[] heap;
    private int size;
    /** Ids in order, as far as known, and the sums of their weights. */
    private final int[] ids;
    private final double[] sums;
    private int known;
    private final double total;

    /**
     * @param best the largest score
     * @param topK keeps so many; 0 keeps all
     * @param minP keeps those of this weight or more
     */
    Ranking(double[] scores, double best, double temperature, int topK, double minP) {
        this.scores = scores;
        this.best = best;
        this.temperature = temperature;
        double least = best + temperature * (minP == 0 ? OUT_OF_REACH : Math.max(OUT_OF_REACH, StrictMath.log(minP)));
        heap = new int[scores.length];
        for (int id = 0; id < scores.length; id++) {
            if (scores[id] >= least) {
                heap[size++] = id;
            }
        }
        for (int i = size / 2 - 1; i >= 0; i--) {
            sink(i);
        }
        ids = new int[topK > 0 ? Math.min(topK, size) : size];
        sums = new double[ids.length];
        weights = ids.length < size ? null : weights();
        total = weights == null ? sum(ids.length - 1) : sumOfAll();
    }

    private float[] weights() {
        float[] exponents = new float[scores.length];
        for (int id = 0; id < scores.length; id++) {
            exponents[id] = (float) ((scores[id] - best) / temperature);
        }
        return NoGrad.call(() -> Tensor.wrap(exponents, Shape.of(exponents.length)).exp().toFloatArray());
    }

    private double sumOfAll() {
        double sum = 0;
        for (int i = 0; i < size; i++) {
            sum += weight(heap[i]);
        }
        return sum;
    }

    /** The sum of all weights. */
    double total() {
        return total;
    }

    /** The first place whose {@link #sum} reaches a goal, or the last place. */
    int reach(double goal) {
        int place = 0;
        while (place < ids.length - 1 && sum(place) < goal) {
            place++;
        }
        return place;
    }

    /** The sum of the weights up to a place, itself included. */
    double sum(int place) {
        while (known <= place) {
            ids[known] = heap[0];
            sums[known] = (known == 0 ? 0 : sums[known - 1]) + weight(heap[0]);
            known++;
            heap[0] = heap[--size];
            sink(0);
        }
        return sums[place];
    }

    /** The id at a place. */
    int id(int place) {
        sum(place);
        return ids[place];
    }

    private double weight(int id) {
        return weights == null ? StrictMath.exp((scores[id] - best) / temperature) : weights[id];
    }

    private void sink(int from) {
        int i = from;
        int id = heap[i];
        int child;
        while ((child = 2 * i + 1) < size) {
            if (child + 1 < size && before(heap[child + 1], heap[child])) {
                child++;
            }
            if (!before(heap[child], id)) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = id;
    }

    private boolean before(int a, int b) {
        return scores[a] > scores[b] || scores[a] == scores[b] && a < b;
    }
}
