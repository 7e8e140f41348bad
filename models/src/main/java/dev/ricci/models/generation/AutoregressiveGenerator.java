package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.nn.KvCache;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Workspace;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * One token after the other, each from the logits at the last position. When the sequence outgrows the model's context,
 * the window starts over at a later token, by half a context at a time, so that the cache is refilled rarely; with and
 * without the cache the window is the same, and so are the ids.
 *
 * @param model what predicts
 * @param program where the step that reads one id runs as a captured {@link dev.ricci.tensor.Program}, if it does; a
 *     prompt is always read op by op, on the CPU
 */
public record AutoregressiveGenerator(Decoder model, Optional<Device> program) implements Generator {
    private static final int ROOM = 1024;

    /** Everything op by op. */
    public AutoregressiveGenerator(Decoder model) {
        this(model, Optional.empty());
    }

    /**
     * The same with steps that are captured: each generation does so once, for a cache of the size that it needs, over
     * all of which every step attends. On the CPU the ids are the same.
     */
    public AutoregressiveGenerator captured(Device device) {
        return new AutoregressiveGenerator(model, Optional.of(device));
    }

    @Override
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken) {
        check(prompt, config);
        // Small where little is asked for: a captured step attends over all of it.
        KvCache cache = config.useCache() ? model.newCache(1, (int) Math.min(model.config().contextLength(),
                (long) prompt.length + config.maxNewTokens())) : null;
        try (DecodeProgram step = program.map(device -> new DecodeProgram(model, cache, device)).orElse(null)) {
            return generate(prompt, config, onToken, cache, step);
        }
    }

    private int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken, KvCache cache,
            DecodeProgram step) {
        // Grows as ids are made: a generous limit costs nothing.
        int[] ids = Arrays.copyOf(prompt, prompt.length + Math.min(config.maxNewTokens(), ROOM));
        int length = prompt.length;
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
            float[] logits = step != null && fresh.length == 1 ? step.logits(fresh[0]) : Workspace.discarding(
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

    private void check(int[] prompt, GenerationConfig config) {
        if (program.isPresent() && !config.useCache()) {
            throw new TensorException("generate: captured steps need the cache; leave one of the two out");
        }
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
