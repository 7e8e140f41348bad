package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a model has read for several texts at once: all their tokens were one row, and each text saw its own.
 *
 * @param texts that have not taken their step yet
 * @param logits of all of them
 * @param from where those of each begin
 */
record DenoisingStep(List<Denoising> texts, double[] logits, int[] from) {
    /**
     * Reads what the texts need, and lets each take its step.
     *
     * @param texts none done
     * @return what became known in each
     */
    static List<List<Reveal>> run(Decoder model, List<Denoising> texts) {
        DenoisingStep step = read(model, texts);
        return IntStream.range(0, texts.size()).mapToObj(step::reveal).toList();
    }

    /**
     * Reads what the texts need. If it fails nothing has changed but caches, where the same is written when it is done again.
     *
     * @param texts none done
     */
    static DenoisingStep read(Decoder model, List<Denoising> texts) {
        List<KvCache> caches = new ArrayList<>();
        IntStream.Builder starts = IntStream.builder();
        IntStream.Builder counts = IntStream.builder();
        IntStream.Builder rows = IntStream.builder();
        int[] first = new int[texts.size()];
        int n = 0;
        int wanted = 0;
        for (int i = 0; i < first.length; i++) {
            Denoising text = texts.get(i);
            int from = text.readFrom();
            int[] places = text.wanted();
            first[i] = wanted * model.config().vocabSize();
            for (Denoising.Lane lane : text.lanes()) {
                caches.add(lane.cache);
                starts.add(from);
                counts.add(text.readTo() - from);
                for (int place : places) {
                    rows.add(n + place - from);
                }
                n += text.readTo() - from;
                wanted += places.length;
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
        double[] logits = Workspace.discarding(() -> {
            Tensor hidden = model.hiddenStates(Tensor.ofInts(ids, 1, ids.length), batch).squeeze(0);
            return model.head(hidden.indexSelect(0, Tensor.ofInts(rows.build().toArray()))).toDoubleArray();
        });
        return new DenoisingStep(texts, logits, first);
    }

    /**
     * Lets one of the texts take its step.
     *
     * @return what became known in it
     */
    List<Reveal> reveal(int i) {
        return texts.get(i).step(logits, from[i]);
    }
}
