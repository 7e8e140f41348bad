package dev.ricci.models.diffusion;

import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.InMemory;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.List;

/** Examples for {@link MaskedDiffusion}: inputs [B, L], and targets that say which of them may be hidden. */
public final class DiffusionData {
    private DiffusionData() {
    }

    /**
     * Windows of a text, any id of which may be hidden.
     *
     * @param windows inputs [B, L] of ids; their targets do not matter
     * @param shorter how often a batch is cut to a random length, 0 .. 1 (Nie et al. 2025: 0.01), so that the model knows
     *     shorter texts, too; which, and to what, is decided by the examples in it
     * @param multiple of this many tokens are the lengths: the model's block, or 1
     */
    public static Dataset windows(Dataset windows, double shorter, int multiple) {
        if (!(shorter >= 0 && shorter <= 1) || multiple < 1) {
            throw new TensorException("masked diffusion: the part of shorter batches must lie in 0 .. 1 and their multiple be"
                    + " positive, got " + shorter + " and " + multiple);
        }
        return new Dataset() {
            @Override
            public int size() {
                return windows.size();
            }

            @Override
            public Batch batch(int... indices) {
                Tensor ids = windows.batch(indices).inputs();
                int length = ids.dim(1);
                int[] words = new int[4];
                Philox.block(words, key(indices), 0);
                if (Philox.uniform(words[0], words[1]) < shorter) {
                    length = (1 + Philox.bounded(words[2], length / multiple)) * multiple;
                }
                Tensor cut = length == ids.dim(1) ? ids : ids.slice(1, 0, length).contiguous();
                return new Batch(cut, cut);
            }
        };
    }

    private static long key(int[] indices) {
        long key = indices.length;
        for (int i : indices) {
            key = Philox.split(key, i, 0);
        }
        return key;
    }

    /**
     * Prompts, which are given, and answers, which may be hidden, filled up with an id that ends them, which is learned like
     * the rest (Nie et al. 2025, section 2.3).
     *
     * @param prompts of equally many
     * @param answers ids
     * @param length L, which each prompt and answer fits in
     * @param end the id that fills up
     */
    public static Dataset answers(List<int[]> prompts, List<int[]> answers, int length, int end) {
        if (prompts.size() != answers.size() || prompts.isEmpty()) {
            throw new TensorException("masked diffusion: needs as many answers as prompts and one or more, got "
                    + prompts.size() + " prompts and " + answers.size() + " answers");
        }
        int[] inputs = new int[Math.multiplyExact(prompts.size(), length)];
        Arrays.fill(inputs, end);
        int[] targets = inputs.clone();
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            int[] answer = answers.get(i);
            if ((long) prompt.length + answer.length > length) {
                throw new TensorException("masked diffusion: example " + i + " has a prompt of " + prompt.length
                        + " tokens and an answer of " + answer.length + ", together more than " + length);
            }
            int at = i * length;
            System.arraycopy(prompt, 0, inputs, at, prompt.length);
            Arrays.fill(targets, at, at + prompt.length, Functional.IGNORE_INDEX);
            System.arraycopy(answer, 0, inputs, at + prompt.length, answer.length);
            System.arraycopy(answer, 0, targets, at + prompt.length, answer.length);
        }
        return InMemory.of(Tensor.ofInts(inputs, prompts.size(), length), Tensor.ofInts(targets, prompts.size(), length));
    }
}
