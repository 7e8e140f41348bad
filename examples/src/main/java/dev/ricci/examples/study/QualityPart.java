package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.Caching;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.diffusion.DiffusionOptions;
import dev.ricci.models.diffusion.Remasking;
import dev.ricci.models.diffusion.Unmasking;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * D3, for one task: how good the answers of trained models are, by the number of steps, by the choice of what is revealed, by
 * the threshold, and by the cache.
 *
 * @param task what is learned
 * @param config of the decoders
 * @param lessons how they are trained
 * @param prompts how many answers are judged
 * @param examples to learn from
 * @param seeds of models
 */
record QualityPart(Task task, Shape config, Lessons lessons, int prompts, int examples, int seeds) implements Part {
    private static final double[] THRESHOLDS = {0.5, 0.7, 0.9, 0.95, 1};
    /** Of semi-autoregressive decoding, for the caches of models that see both ways. */
    private static final int CACHE_BLOCK = 8;
    private static final long PROMPTS_SEED = 1_000_003;

    /** Sizes of a decoder. */
    record Shape(int layers, int heads, int width, int hidden) {
        DecoderConfig config(int vocabulary, int context) {
            return DecoderConfig.llama(vocabulary, context, layers, heads, heads, width, hidden).withTiedHead(true);
        }

        String text() {
            return layers + " layers, width " + width + ", " + heads + " heads, " + hidden + " hidden";
        }
    }

    /** What became of the prompts. */
    private record Outcome(double quality, double passes) {
    }

    @Override
    public String name() {
        return "d3-" + task.text();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("model", config.text());
        settings.put("steps", lessons.steps());
        settings.put("batch", lessons.batch());
        settings.put("learning_rate", lessons.learningRate());
        settings.put("prompts", prompts);
        settings.put("examples", examples);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() {
        List<StudyLog.Unit> units = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            for (Kind kind : Kind.ALL) {
                long s = seed;
                units.add(new StudyLog.Unit(kind.name() + " seed " + seed, () -> run(kind, s)));
            }
        }
        return units;
    }

    private List<Map<String, Object>> run(Kind kind, long seed) throws IOException {
        Decoder model = lessons.train(kind, config.config(task.symbols() + 1, task.length()),
            task.examples(kind, examples, seed), seed).model();
        List<Map<String, Object>> rows = new ArrayList<>();
        int length = task.answerLength();
        if (kind.isCausal()) {
            rows.add(row(kind, seed, "steps", length, "-", "exact", judge(model, null)));
            return rows;
        }
        int blocks = kind.block() == 0 ? 1 : length / kind.block();
        DiffusionOptions usual = DiffusionOptions.of(model);
        String cache = kind.block() == 0 ? "none" : "exact";
        for (int steps = length; steps >= blocks; steps /= 2) {
            for (Remasking remasking : Remasking.values()) {
                rows.add(row(kind, seed, "steps", steps, remasking == Remasking.RANDOM ? "random" : "confidence", cache,
                    judge(model, usual.with(new Unmasking.Steps(steps, remasking)))));
            }
        }
        for (double threshold : THRESHOLDS) {
            rows.add(row(kind, seed, "threshold", threshold, "confidence", cache,
                judge(model, usual.with(new Unmasking.Confidence(threshold)))));
        }
        if (kind.block() == 0) {
            for (Caching caching : List.of(Caching.NONE, Caching.PREFIX, Caching.DUAL)) {
                DiffusionOptions blockwise = usual.withBlock(CACHE_BLOCK).with(caching);
                String name = "block " + CACHE_BLOCK + ", " + caching.name().toLowerCase(Locale.ROOT);
                rows.add(row(kind, seed, "cache", length, "confidence", name,
                    judge(model, blockwise.with(new Unmasking.Steps(length)))));
                rows.add(row(kind, seed, "cache-threshold", 0.9, "confidence", name,
                    judge(model, blockwise.with(new Unmasking.Confidence(0.9)))));
            }
        }
        return rows;
    }

    private Map<String, Object> row(Kind kind, long seed, String sweep, double value, String order, String cache,
            Outcome outcome) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("task", task.text());
        row.put("model", kind.name());
        row.put("seed", seed);
        row.put("sweep", sweep);
        row.put("value", value);
        row.put("order", order);
        row.put("cache", cache);
        row.put("quality", outcome.quality);
        row.put("passes", outcome.passes);
        row.put("tokens_per_pass", task.answerLength() / outcome.passes);
        return row;
    }

    /** Answers to prompts that are the same for all models. */
    private Outcome judge(Decoder model, DiffusionOptions options) {
        Random random = new Random(PROMPTS_SEED);
        double quality = 0;
        long passes = 0;
        for (int i = 0; i < prompts; i++) {
            int[] ids = task.draw(random);
            int[] prompt = task.prompt(ids);
            GenerationConfig greedy = GenerationConfig.greedy(task.answerLength());
            GenerationConfig config = task.isDrawn() ? greedy.with(Sampling.temperature(1), i) : greedy;
            if (options == null) {
                int[] made = new AutoregressiveGenerator(model).generate(prompt, config, id -> true);
                System.arraycopy(made, 0, ids, prompt.length, made.length);
                passes += made.length;
            } else {
                var result = new DiffusionGenerator(model, options).denoise(prompt, config, r -> { });
                ids = result.ids();
                passes += result.passes();
            }
            quality += task.quality(ids);
        }
        return new Outcome(quality / prompts, passes / (double) prompts);
    }
}
