package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.Dataset;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

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
     * Examples some parts of which are given, and the others may be hidden. The rows of a batch are as long as its longest,
     * in whole blocks, and filled up with an id that ends texts and is learned like the rest, so that the model learns where
     * they end (Nie et al. 2025, section 2.3).
     *
     * @param examples what is learned of each; its first id is given in any case
     * @param model whose blocks and mask id count
     * @param end the id that fills up; where there is none it is the mask, of which nothing is learned
     */
    public static Dataset examples(List<EncodedExample> examples, DecoderConfig.Diffusion model, OptionalInt end) {
        if (examples.isEmpty()) {
            throw new TensorException("masked diffusion: there is no example");
        }
        List<EncodedExample> kept = List.copyOf(examples);
        int fill = end.orElse(model.maskId());
        return new Dataset() {
            @Override
            public int size() {
                return kept.size();
            }

            @Override
            public Batch batch(int... indices) {
                int longest = Arrays.stream(indices).map(i -> kept.get(i).length()).max().orElse(0);
                int block = Math.max(1, model.block());
                int length = (longest + block - 1) / block * block;
                int[] inputs = new int[indices.length * length];
                Arrays.fill(inputs, fill);
                int[] targets = new int[inputs.length];
                Arrays.fill(targets, end.isPresent() ? fill : Functional.IGNORE_INDEX);
                for (int r = 0; r < indices.length; r++) {
                    kept.get(indices[r]).inPlace(inputs, targets, r * length);
                }
                return new Batch(Tensor.ofInts(inputs, indices.length, length),
                        Tensor.ofInts(targets, indices.length, length));
            }
        };
    }
}
