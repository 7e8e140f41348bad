package dev.ricci.examples.study;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionData;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.TokenWindows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bits a character of a text, for one kind of model: all have equal parameters and equally many training tokens. Masked
 * diffusion has a bound on them.
 *
 * @param kind of the models
 * @param file UTF-8; its last tenth is kept for validation
 * @param shape of the decoders
 * @param context tokens of a window
 * @param lessons how they are trained
 * @param seeds of models
 * @param validation characters that are scored, at most
 */
record BitsPart(Kind kind, Path file, QualityPart.Shape shape, int context, Lessons lessons, int seeds, int validation)
        implements Part {
    /** How often masks are drawn over the validation text. */
    private static final int DRAWS = 2;

    @Override
    public String name() {
        return "bpc-" + kind.name();
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("text", file.getFileName().toString());
        settings.put("bytes", file.toFile().length());
        settings.put("model", shape.text());
        settings.put("context", context);
        settings.put("steps", lessons.steps());
        settings.put("batch", lessons.batch());
        settings.put("learning_rate", lessons.learningRate());
        settings.put("validation", validation);
        return settings;
    }

    @Override
    public List<StudyLog.Unit> units() throws IOException {
        String text = Files.readString(file);
        Tokenizer tokenizer = Tokenizers.train("char", 0, text);
        int[] ids = tokenizer.encode(text);
        int split = (int) (ids.length * 0.9);
        int[] training = Arrays.copyOf(ids, split);
        int[] rest = Arrays.copyOfRange(ids, split, Math.min(ids.length, split + validation));
        List<StudyLog.Unit> units = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
            long s = seed;
            units.add(new StudyLog.Unit("seed " + seed, () -> run(s, tokenizer.vocabSize() + 1, training, rest)));
        }
        return units;
    }

    private List<Map<String, Object>> run(long seed, int vocabulary, int[] training, int[] rest) throws IOException {
        Dataset windows = TokenWindows.everywhere(training, context);
        DecoderConfig config = shape.config(vocabulary, context);
        Lessons.Learned learned = lessons.train(kind, config,
            kind.isCausal() ? windows : DiffusionData.windows(windows, 0, 1), seed);
        Decoder model = learned.model();
        double nats = 0;
        int draws = kind.isCausal() ? 1 : DRAWS;
        for (int draw = 0; draw < draws; draw++) {
            nats += kind.score(model, rest, context, draw) / draws;
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("model", kind.name());
        row.put("seed", seed);
        row.put("parameters", model.parameterCount());
        row.put("tokens", (long) lessons.steps() * lessons.batch() * context);
        if (kind.clipped()) {
            row.put("noise_low", learned.noise().low());
            row.put("noise_high", learned.noise().high());
        }
        row.put("bits_per_character", nats / StrictMath.log(2));
        return List.of(row);
    }
}
