package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** One step of a model for several texts at once: all their tokens are one row, and each text sees its own. */
final class DenoisingStep {
    private DenoisingStep() {
    }

    /**
     * Reads what the texts need, and lets each take its step.
     *
     * @param texts none done
     * @return what became known in each
     */
    static List<List<Reveal>> run(Decoder model, List<Denoising> texts) {
        List<double[]> logits = logits(model, texts);
        List<List<Reveal>> revealed = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            revealed.add(texts.get(i).step(logits.get(i)));
        }
        return revealed;
    }

    /**
     * Reads what the texts need. If it fails nothing has changed but caches, where the same is written when it is done again.
     *
     * @return for each text what {@link Denoising#step} takes
     */
    static List<double[]> logits(Decoder model, List<Denoising> texts) {
        List<KvCache> caches = new ArrayList<>();
        IntStream.Builder starts = IntStream.builder();
        IntStream.Builder counts = IntStream.builder();
        IntStream.Builder rows = IntStream.builder();
        int n = 0;
        for (Denoising text : texts) {
            int from = text.readFrom();
            for (Denoising.Lane lane : text.lanes()) {
                caches.add(lane.cache);
                starts.add(from);
                counts.add(text.readTo() - from);
                for (int place : text.wanted()) {
                    rows.add(n + place - from);
                }
                n += text.readTo() - from;
            }
        }
        int[] ids = new int[n];
        int at = 0;
        for (Denoising text : texts) {
            for (Denoising.Lane lane : text.lanes()) {
                text.read(lane, ids, at);
                at += text.readTo() - text.readFrom();
            }
        }
        KvBatch batch = new KvBatch(caches, starts.build().toArray(), counts.build().toArray());
        double[] logits = NoGrad.call(() -> {
            Tensor hidden = model.hiddenStates(Tensor.ofInts(ids, 1, ids.length), batch).squeeze(0);
            return model.head(hidden.indexSelect(0, Tensor.ofInts(rows.build().toArray()))).toDoubleArray();
        });
        List<double[]> parts = new ArrayList<>(texts.size());
        int used = 0;
        for (Denoising text : texts) {
            int size = text.lanes().size() * text.wanted().length * model.config().vocabSize();
            parts.add(Arrays.copyOfRange(logits, used, used + size));
            used += size;
        }
        return parts;
    }
}
