package dev.ricci.models.instruction;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.AttentionMask;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Examples of any length in rows of one length T, several in a row where they fit. Within a row no example sees another
 * and positions start anew with each, so that {@link #loss} is that of each example in a row of its own.
 *
 * <p>Batches have inputs I32 [B, 2, T], the ids and their positions, and targets I32 [B, T].
 */
public final class PackedExamples implements Dataset {
    private final int context;
    private final List<List<EncodedExample>> rows;

    private PackedExamples(int context, List<List<EncodedExample>> rows) {
        this.context = context;
        this.rows = rows;
    }

    /**
     * Puts each example, longest first, into the row that it fills best (best-fit decreasing).
     *
     * @param context T
     * @throws TensorException if there is no example, or one is longer than a row
     */
    public static PackedExamples of(List<EncodedExample> examples, int context) {
        if (examples.isEmpty()) {
            throw new TensorException("packed examples: there is no example");
        }
        List<EncodedExample> longestFirst = new ArrayList<>(examples);
        longestFirst.sort(Comparator.comparingInt(e -> -e.inputs().length));
        if (longestFirst.getFirst().inputs().length > context) {
            throw new TensorException("packed examples: one of " + longestFirst.getFirst().inputs().length
                    + " tokens does not fit a row of " + context + "; cut it, or use longer rows");
        }
        List<List<EncodedExample>> rows = new ArrayList<>();
        TreeMap<Integer, Deque<List<EncodedExample>>> bySpace = new TreeMap<>();
        for (EncodedExample e : longestFirst) {
            int length = e.inputs().length;
            Map.Entry<Integer, Deque<List<EncodedExample>>> best = bySpace.ceilingEntry(length);
            List<EncodedExample> row;
            int space = context;
            if (best == null) {
                row = new ArrayList<>();
                rows.add(row);
            } else {
                space = best.getKey();
                row = best.getValue().poll();
                if (best.getValue().isEmpty()) {
                    bySpace.remove(space);
                }
            }
            row.add(e);
            bySpace.computeIfAbsent(space - length, s -> new ArrayDeque<>()).add(row);
        }
        return new PackedExamples(context, rows);
    }

    /** Number of rows. */
    @Override
    public int size() {
        return rows.size();
    }

    @Override
    public Batch batch(int... indices) {
        int[] inputs = new int[Math.multiplyExact(indices.length, 2 * context)];
        int[] targets = new int[indices.length * context];
        Arrays.fill(targets, Functional.IGNORE_INDEX);
        for (int b = 0; b < indices.length; b++) {
            if (indices[b] < 0 || indices[b] >= rows.size()) {
                throw new IndexOutOfRangeException("packed examples: there is no row " + indices[b] + "; there are "
                        + rows.size());
            }
            int ids = 2 * b * context;
            int at = 0;
            int position = 0;
            for (EncodedExample e : rows.get(indices[b])) {
                int n = e.inputs().length;
                System.arraycopy(e.inputs(), 0, inputs, ids + at, n);
                System.arraycopy(e.targets(), 0, targets, b * context + at, n);
                for (position = 0; position < n; position++) {
                    inputs[ids + context + at++] = position;
                }
            }
            // What is left of the row goes on with the last example: none of its tokens sees what comes later.
            while (at < context) {
                inputs[ids + context + at++] = position++;
            }
        }
        return new Batch(Tensor.ofInts(inputs, indices.length, 2, context), Tensor.ofInts(targets, indices.length, context));
    }

    /**
     * The mean cross-entropy of the learned ids of a batch. The head sees their hidden states alone: what is given costs
     * no logits.
     *
     * @param model a causal one
     * @param batch one of this class
     * @return a scalar
     * @throws TensorException if the model is not causal
     */
    public static Tensor loss(Decoder model, Batch batch) {
        Tensor positions = batch.inputs().select(1, 1);
        boolean oneEach = isOneEach(positions.toIntArray(), positions.dim(1));
        Tensor hidden = hiddenStates(model, batch, oneEach ? AttentionMask.full() : sameExample(positions));
        int[] targets = batch.targets().toIntArray();
        Tensor learned = Tensor.ofInts(IntStream.range(0, targets.length)
                .filter(i -> targets[i] != Functional.IGNORE_INDEX).toArray());
        return model.headLoss(hidden.reshape(targets.length, hidden.dim(2)).indexSelect(0, learned),
                batch.targets().reshape(targets.length).indexSelect(0, learned));
    }

    /**
     * The same without reading a value on the host, so that it can be captured and run on a device. The head sees all
     * hidden states: their number may not depend on the batch.
     *
     * @param model a causal one
     * @param batch one of this class
     * @return a scalar
     * @throws TensorException if the model is not causal
     */
    public static Tensor capturableLoss(Decoder model, Batch batch) {
        Tensor hidden = hiddenStates(model, batch, sameExample(batch.inputs().select(1, 1)));
        return model.headLoss(hidden, batch.targets());
    }

    private static Tensor hiddenStates(Decoder model, Batch batch, AttentionMask sameExample) {
        if (!model.mask().isCausal()) {
            throw new TensorException("packed examples: the model sees what follows, so that there is nothing to predict;"
                    + " use a causal one");
        }
        return model.hiddenStates(batch.inputs().select(1, 0), batch.inputs().select(1, 1),
                model.mask().and(sameExample), null);
    }

    /** Whether no row holds more than one example, so that the causal mask says it all. */
    private static boolean isOneEach(int[] positions, int context) {
        return IntStream.range(0, positions.length).allMatch(i -> positions[i] == i % context);
    }

    /**
     * A causal token sees of its row what does not lie before its example.
     *
     * @param positions I32 [B, T]
     */
    private static AttentionMask sameExample(Tensor positions) {
        int rows = positions.dim(0);
        int context = positions.dim(1);
        Tensor places = Tensor.arange(context, positions.dtype(), 0, 1);
        Tensor starts = places.sub(positions);
        return AttentionMask.custom(places.reshape(1, 1, 1, context).ge(starts.reshape(rows, 1, context, 1)));
    }
}
