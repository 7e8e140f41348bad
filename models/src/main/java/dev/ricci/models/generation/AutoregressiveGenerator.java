package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * One token after the other, each from the logits at the last position. When the sequence outgrows the model's context,
 * the window starts over at a later token, by half a context at a time, so that the cache is refilled rarely; with and
 * without the cache the window is the same, and so are the ids.
 *
 * @param model what predicts
 */
public record AutoregressiveGenerator(Decoder model) implements Generator {
    private static final int ROOM = 1024;

    @Override
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken) {
        check(prompt);
        // Grows as ids are made: a generous limit costs nothing.
        int[] ids = Arrays.copyOf(prompt, prompt.length + Math.min(config.maxNewTokens(), ROOM));
        int length = prompt.length;
        KvCache cache = config.useCache() ? model.newCache(1) : null;
        int start = 0;
        while (length - prompt.length < config.maxNewTokens()) {
            if (length == ids.length) {
                ids = Arrays.copyOf(ids, Math.addExact(length, length));
            }
            int windowStart = windowStart(length, model.config().contextLength());
            if (cache != null && windowStart != start) {
                cache.truncate(0);
            }
            start = windowStart;
            int known = cache == null ? 0 : cache.length();
            int[] fresh = Arrays.copyOfRange(ids, start + known, length);
            float[] logits = NoGrad.call(
                    () -> model.nextLogits(Tensor.ofInts(fresh, 1, fresh.length), cache).toFloatArray());
            int next = config.sampling().choose(logits, ids, length, config.seed(), length - prompt.length);
            ids[length++] = next;
            if (!onToken.test(next)) {
                break;
            }
        }
        return Arrays.copyOfRange(ids, prompt.length, length);
    }

    private static int windowStart(int length, int context) {
        if (length <= context) {
            return 0;
        }
        int half = Math.max(1, context / 2);
        return (length - context + half - 1) / half * half;
    }

    private void check(int[] prompt) {
        if (prompt.length == 0) {
            throw new TensorException("generate: the prompt must hold one id or more");
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= model.config().vocabSize()) {
                throw new IndexOutOfRangeException("generate: id " + prompt[i] + " at position " + i
                        + " of the prompt lies outside the model's vocabulary 0 .. " + (model.config().vocabSize() - 1));
            }
        }
    }
}
