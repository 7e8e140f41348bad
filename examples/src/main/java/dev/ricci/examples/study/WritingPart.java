package dev.ricci.examples.study;

import com.sun.management.ThreadMXBean;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.Caching;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.diffusion.DiffusionOptions;
import dev.ricci.models.diffusion.Unmasking;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.tensor.Rng;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * D2, whole generations: every decoder writes with random weights that no cache of the processor holds, with the generators
 * that a user has.
 *
 * @param shape of the decoder
 * @param prompt its tokens
 * @param newTokens that are written
 * @param seeds of weights and prompts
 * @param threads that compute
 */
record WritingPart(QualityPart.Shape shape, int prompt, int newTokens, int seeds, int threads) implements Part {
    /** What a generation took. {@code allocated} has the bytes of each pass. */
    private record Run(double seconds, List<Long> allocated) {
    }

    @Override
    public String name() {
        return "d2-writing";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("model", shape.text());
        settings.put("prompt", prompt);
        settings.put("new_tokens", newTokens);
        settings.put("threads", threads);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() {
        List<StudyLog.Unit> units = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            long s = seed;
            units.add(new StudyLog.Unit("ar seed " + seed, () -> run(Kind.AR, s)));
            for (int block : TimingPart.BLOCKS) {
                if (newTokens % block == 0) {
                    units.add(new StudyLog.Unit("block-" + block + " seed " + seed, () -> run(Kind.bd3(block), s)));
                }
            }
            units.add(new StudyLog.Unit("full seed " + seed, () -> run(Kind.LLADA, s)));
        }
        return units;
    }

    private List<Map<String, Object>> run(Kind kind, long seed) {
        int context = prompt + newTokens;
        DecoderConfig config = kind.apply(TimingPart.config(shape, context));
        Decoder model = new Decoder(config, Rng.of(seed));
        int[] start = Rng.of(seed).split("prompt").ints(TimingPart.VOCABULARY, prompt).toIntArray();
        List<Map<String, Object>> rows = new ArrayList<>();
        if (kind.isCausal()) {
            write(rows, "ar", seed, newTokens, start, model, null);
            return rows;
        }
        DiffusionOptions usual = DiffusionOptions.of(model);
        int least = kind.block() == 0 ? newTokens / 8 : newTokens / kind.block();
        for (int steps = least; steps <= newTokens; steps *= 2) {
            write(rows, kind.block() == 0 ? "full" : "block-" + kind.block(), seed, steps, start, model,
                usual.with(new Unmasking.Steps(steps)));
        }
        for (Caching caching : kind.block() > 0 ? List.<Caching>of() : List.of(Caching.PREFIX, Caching.DUAL)) {
            int block = newTokens / 2;
            for (int steps = newTokens / 8; steps <= newTokens; steps *= 2) {
                write(rows, (caching == Caching.DUAL ? "dual-" : "prefix-") + block, seed, steps, start, model,
                    usual.withBlock(block).with(caching).with(new Unmasking.Steps(steps)));
            }
        }
        return rows;
    }

    private void write(List<Map<String, Object>> rows, String method, long seed, int steps, int[] start, Decoder model,
            DiffusionOptions options) {
        if (rows.isEmpty()) {
            // In as many steps as there are tokens, all weights are packed and all code is compiled.
            generate(start, model, options == null ? null : options.with(new Unmasking.Steps(newTokens)));
        }
        Run run = generate(start, model, options);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("method", method);
        row.put("seed", seed);
        row.put("steps", steps);
        row.put("passes", run.allocated.size());
        row.put("seconds", run.seconds);
        row.put("tokens_per_s", newTokens / run.seconds);
        // The first pass reads the prompt; medians, since caches that are made anew at a block read it again.
        List<Long> later = run.allocated.subList(Math.min(1, run.allocated.size() - 1), run.allocated.size());
        int half = later.size() / 2;
        row.put("mb_first_half", middle(later.subList(0, Math.max(1, half))) / 1e6);
        row.put("mb_second_half", middle(later.subList(Math.min(half, later.size() - 1), later.size())) / 1e6);
        row.put("cache_mb", model.newCache(1, prompt + newTokens).bytes() / 1e6);
        rows.add(row);
    }

    /** The lower one of two: passes that read two blocks are never more than half of them. */
    private static double middle(List<Long> values) {
        return values.stream().sorted().skip((values.size() - 1) / 2).findFirst().orElse(0L);
    }

    private Run generate(int[] start, Decoder model, DiffusionOptions options) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<Long> allocated = new ArrayList<>();
        long[] last = {threads.getTotalThreadAllocatedBytes()};
        Runnable pass = () -> {
            long now = threads.getTotalThreadAllocatedBytes();
            allocated.add(now - last[0]);
            last[0] = now;
        };
        GenerationConfig config = GenerationConfig.greedy(newTokens);
        long from = System.nanoTime();
        if (options == null) {
            new AutoregressiveGenerator(model).generate(start, config, id -> {
                pass.run();
                return true;
            });
        } else {
            int[] step = {0};
            new DiffusionGenerator(model, options).denoise(start, config, reveal -> {
                if (reveal.step() != step[0]) {
                    step[0] = reveal.step();
                    pass.run();
                }
            });
        }
        return new Run((System.nanoTime() - from) / 1e9, allocated);
    }
}
