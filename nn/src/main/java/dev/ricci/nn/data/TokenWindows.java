package dev.ricci.nn.data;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * Windows of a text for a language model: inputs are tokens s .. s+T-1, targets the ones that follow each, s+1 .. s+T,
 * both I32 [B, T]. Example i begins at i * stride.
 */
public final class TokenWindows implements Dataset {
    private final int[] tokens;
    private final int context;
    private final int stride;

    private TokenWindows(int[] tokens, int context, int stride) {
        if (context < 1) {
            throw new TensorException("token windows: the context must be 1 or more, got " + context);
        }
        if (tokens.length <= context) {
            throw new TensorException("token windows: a context of " + context + " needs a text of " + (context + 1L)
                    + " tokens or more, got " + tokens.length + "; use a longer text or a shorter context");
        }
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0) {
                throw new TensorException("token windows: token " + i + " is " + tokens[i]
                        + ", ids must not be negative");
            }
        }
        this.tokens = tokens;
        this.context = context;
        this.stride = stride;
    }

    /** A window at every position: for training, with a shuffling or drawing {@link DataLoader}. */
    public static TokenWindows everywhere(int[] tokens, int context) {
        return new TokenWindows(tokens.clone(), context, 1);
    }

    /** Windows one after another that do not overlap; the incomplete one at the end is left out: for evaluation. */
    public static TokenWindows sequential(int[] tokens, int context) {
        return new TokenWindows(tokens.clone(), context, context);
    }

    /** Tokens in a window, T. */
    public int context() {
        return context;
    }

    @Override
    public int size() {
        return (tokens.length - 1 - context) / stride + 1;
    }

    @Override
    public Batch batch(int... indices) {
        Indices.check("token windows", indices, size());
        int[] inputs = new int[Math.multiplyExact(indices.length, context)];
        int[] targets = new int[inputs.length];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(tokens, indices[i] * stride, inputs, i * context, context);
            System.arraycopy(tokens, indices[i] * stride + 1, targets, i * context, context);
        }
        return new Batch(Tensor.ofInts(inputs, indices.length, context),
                Tensor.ofInts(targets, indices.length, context));
    }
}
