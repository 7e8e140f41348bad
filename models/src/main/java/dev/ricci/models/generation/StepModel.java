package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvBatch;
import dev.ricci.tensor.Tensor;

/** One step of a model for several sequences. */
@FunctionalInterface
interface StepModel {
    /**
     * Reads new tokens.
     *
     * @param ids [N], those of one sequence after those of the other
     * @param batch their caches
     * @param rows which of the N tokens are followed by one to be chosen
     * @return [rows, V]; null if there are no rows
     */
    Tensor logits(int[] ids, KvBatch batch, int[] rows);

    /** The steps of a decoder. */
    static StepModel of(Decoder model) {
        return (ids, batch, rows) -> {
            Tensor hidden = model.hiddenStates(Tensor.ofInts(ids, 1, ids.length), batch);
            return rows.length == 0 ? null
                    : model.head(hidden.squeeze(0).indexSelect(0, Tensor.ofInts(rows, rows.length)));
        };
    }
}
