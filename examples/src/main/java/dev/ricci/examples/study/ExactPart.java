package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.Caching;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.diffusion.DiffusionOptions;
import dev.ricci.models.diffusion.Unmasking;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Whether blocks behind the exact cache give the ids that they give without one: a trained model with blocks, in single and in
 * double precision; and, so that the comparison can fail, the weights of a model that sees both ways in the place of its.
 *
 * @param shape of the decoders
 * @param lessons how they are trained
 * @param prompts how many texts are continued
 */
record ExactPart(QualityPart.Shape shape, Lessons lessons, int prompts) implements Part {
    private static final int BLOCK = 4;
    private static final int EXAMPLES = 20_000;
    private static final long SEED = 1;
    private static final Task TASK = Task.TEXT;

    @Override
    public String name() {
        return "exact";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("model", shape.text());
        settings.put("steps", lessons.steps());
        settings.put("prompts", prompts);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() {
        return List.of(new StudyLog.Unit("trained", this::trained), new StudyLog.Unit("control", this::control));
    }

    private DecoderConfig config() {
        return shape.config(TASK.symbols() + 1, TASK.length());
    }

    private Decoder train(Kind kind) throws IOException {
        return lessons.train(kind, config(), TASK.examples(kind, EXAMPLES, SEED), SEED).model();
    }

    private List<Map<String, Object>> trained() throws IOException {
        Decoder model = train(Kind.bd3(BLOCK));
        DiffusionOptions exact = DiffusionOptions.of(model);
        List<Map<String, Object>> rows = new ArrayList<>();
        rows.add(compare("F32", model, exact, model, exact.with(Caching.NONE)));
        model.convert(DType.F64);
        rows.add(compare("F64", model, exact, model, exact.with(Caching.NONE)));
        return rows;
    }

    /** Keys and values of complete blocks, kept by a model whose weights were trained to see what follows. */
    private List<Map<String, Object>> control() throws IOException {
        Decoder both = train(Kind.LLADA);
        Decoder forced = new Decoder(Kind.bd3(BLOCK).apply(config()), Rng.of(SEED));
        forced.load(both.stateDict());
        return List.of(compare("control", forced, DiffusionOptions.of(forced), both,
            DiffusionOptions.of(both).withBlock(BLOCK)));
    }

    private Map<String, Object> compare(String name, Decoder a, DiffusionOptions cached, Decoder b, DiffusionOptions anew) {
        Random random = new Random(SEED);
        int equal = 0;
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < prompts; i++) {
            int[] prompt = TASK.prompt(TASK.draw(random));
            int[] with = write(a, cached, prompt, i);
            equal += Arrays.equals(with, write(b, anew, prompt, i)) ? 1 : 0;
            texts.add(Arrays.toString(TASK.answer(with)));
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", name);
        row.put("prompts", prompts);
        row.put("equal", equal);
        row.put("distinct", texts.size());
        return row;
    }

    private static int[] write(Decoder model, DiffusionOptions options, int[] prompt, int seed) {
        return new DiffusionGenerator(model, options.with(new Unmasking.Confidence(0.9))).denoise(prompt,
            GenerationConfig.greedy(TASK.answerLength()).with(Sampling.temperature(1), seed), r -> { }).ids();
    }
}
