package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.Denoising.Guess;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A model that takes steps of several texts at once: all their tokens are one row, and each text sees its own. For one thread. */
final class Denoiser {
    /** Rows of logits at a time: a whole text's of a large vocabulary would be gigabytes. */
    private static final int ROWS = 32;

    /**
     * What the model has said of texts that have not taken their step yet.
     *
     * @param guesses of each text
     * @param failures of each text, or null
     */
    record Step(List<Denoising> texts, List<List<Guess>> guesses, TensorException[] failures) {
        /**
         * Lets one of the texts take its step.
         *
         * @return what became known in it
         * @throws TensorException if its logits are not finite
         */
        List<Reveal> reveal(int i) {
            if (failures[i] != null) {
                throw failures[i];
            }
            return texts.get(i).step(guesses.get(i));
        }
    }

    /** A hidden place of a text, and where its states begin among those of all texts, one for each lane. */
    private record Place(int text, int position, int[] rows) {
    }

    private final Decoder model;
    /** Used again: as large as the logits of a row of texts. */
    private double[] logits = new double[0];

    Denoiser(Decoder model) {
        this.model = model;
    }

    /**
     * Reads what the texts need, and lets each take its step.
     *
     * @param texts none done
     * @return what became known in each
     */
    List<List<Reveal>> run(List<Denoising> texts) {
        Step step = read(texts);
        return IntStream.range(0, texts.size()).mapToObj(step::reveal).toList();
    }

    /**
     * Reads what the texts need. If it fails nothing has changed but caches, where the same is written when it is done again.
     *
     * @param texts none done
     */
    Step read(List<Denoising> texts) {
        List<KvCache> caches = new ArrayList<>();
        List<Place> places = new ArrayList<>();
        IntStream.Builder starts = IntStream.builder();
        IntStream.Builder counts = IntStream.builder();
        int n = 0;
        for (int i = 0; i < texts.size(); i++) {
            Denoising text = texts.get(i);
            int from = text.readFrom();
            int count = text.readTo() - from;
            for (int place : text.wanted()) {
                int[] rows = new int[text.lanes().size()];
                for (int lane = 0; lane < rows.length; lane++) {
                    rows[lane] = n + lane * count + place - from;
                }
                places.add(new Place(i, place, rows));
            }
            for (Denoising.Lane lane : text.lanes()) {
                caches.add(lane.cache);
                starts.add(from);
                counts.add(count);
                n += count;
            }
        }
        KvBatch batch = new KvBatch(caches, starts.build().toArray(), counts.build().toArray());
        Tensor ids = Tensor.ofInts(ids(texts, n), 1, n);
        Step step = new Step(texts, texts.stream().<List<Guess>>map(t -> new ArrayList<>()).toList(),
                new TensorException[texts.size()]);
        return Workspace.discarding(() -> {
            Tensor hidden = model.hiddenStates(ids, batch).squeeze(0);
            for (int from = 0; from < places.size();) {
                from = guess(step, hidden, places, from);
            }
            return step;
        });
    }

    private static int[] ids(List<Denoising> texts, int n) {
        int[] ids = new int[n];
        int at = 0;
        for (Denoising text : texts) {
            for (Denoising.Lane lane : text.lanes()) {
                text.read(lane, ids, at);
                at += text.readTo() - text.readFrom();
            }
        }
        return ids;
    }

    /** Guesses at as many places as their rows of logits are computed together, and gives the first that is left. */
    private int guess(Step step, Tensor hidden, List<Place> places, int from) {
        int to = from;
        int rows = 0;
        while (to < places.size() && rows + places.get(to).rows.length <= ROWS) {
            rows += places.get(to++).rows.length;
        }
        // Few sizes, so that their memory is used again; a row has the same bits among any others.
        int[] padded = new int[rows == 1 ? 1 : Integer.highestOneBit(rows - 1) << 1];
        int n = 0;
        for (Place place : places.subList(from, to)) {
            for (int row : place.rows) {
                padded[n++] = row;
            }
        }
        Arrays.fill(padded, n, padded.length, padded[0]);
        int vocabulary = model.config().vocabSize();
        logits = logits.length < padded.length * vocabulary ? new double[padded.length * vocabulary] : logits;
        model.head(hidden.indexSelect(0, Tensor.ofInts(padded))).copyTo(logits);
        int at = 0;
        for (Place place : places.subList(from, to)) {
            if (step.failures[place.text] == null) {
                try {
                    step.guesses.get(place.text).add(step.texts.get(place.text).guess(place.position, logits, at));
                } catch (TensorException e) {
                    step.failures[place.text] = e;
                }
            }
            at += place.rows.length * vocabulary;
        }
        return to;
    }
}
