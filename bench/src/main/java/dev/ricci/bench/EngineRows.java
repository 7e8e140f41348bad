package dev.ricci.bench;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.Generation;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.GenerationRequest;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Many sequences at once through the engine: the time of one token of all of them together, prompts included. */
final class EngineRows {
    private static final int[] SEQUENCES = {1, 4, 16, 64};
    private static final int ROUNDS = 5;
    private static final int PROMPT = 16;
    private static final int TOKENS = 64;
    private static final int TOP_K = 40;
    private static final int QUICK_TOKENS = 4;

    private EngineRows() {
    }

    /**
     * Appends a row for each model and number of sequences.
     *
     * @param stories the folder of stories260K, or null
     */
    static void run(Session session, Path stories, List<Row> rows) throws IOException, InterruptedException {
        Map<String, Decoder> models = new LinkedHashMap<>();
        if (session.quick()) {
            models.put("1 layer, width 32", random(DecoderConfig.llama(64, 128, 1, 2, 1, 32, 64)));
        } else {
            models.put("8 layers, width 384", random(DecoderConfig.llama(8000, 128, 8, 6, 2, 384, 1024)
                    .withTiedHead(true)));
            if (stories != null && Files.isDirectory(stories)) {
                models.put("stories260K", Llama2cReader.load(stories.resolve("stories260K.bin")));
            }
        }
        for (Map.Entry<String, Decoder> model : models.entrySet()) {
            for (int sequences : session.quick() ? new int[] {2} : SEQUENCES) {
                String name = "engine, %s, %d %s".formatted(model.getKey(), sequences,
                        sequences == 1 ? "sequence" : "sequences");
                rows.add(session.done(row(name, session, model.getValue(), sequences)));
            }
        }
    }

    private static Decoder random(DecoderConfig config) {
        return new Decoder(config, Rng.of(1));
    }

    private static Row row(String name, Session session, Decoder model, int sequences) throws InterruptedException {
        int tokens = session.quick() ? QUICK_TOKENS : TOKENS;
        double[] seconds = new double[session.quick() ? 1 : ROUNDS];
        EngineOptions options = EngineOptions.of(model).withMaxSequences(sequences)
                .withCacheTokens(sequences * (PROMPT + TOKENS)).withReusePrefixes(false);
        try (InferenceEngine engine = new InferenceEngine(model, options)) {
            round(engine, model, sequences, tokens);
            for (int i = 0; i < seconds.length; i++) {
                long began = System.nanoTime();
                round(engine, model, sequences, tokens);
                seconds[i] = (System.nanoTime() - began) / 1e9 / sequences / tokens;
            }
        }
        Interleaved.Times times = Interleaved.Times.of(seconds);
        return new Row(name, session.threads(), "ms", new Row.Value(times.median() * 1e3, times.best() * 1e3), Map.of(),
                Table.number(1 / times.median()) + " tokens/s", "", Double.NaN);
    }

    private static void round(InferenceEngine engine, Decoder model, int sequences, int tokens)
            throws InterruptedException {
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            int[] prompt = Rng.of(i).ints(model.config().vocabSize(), PROMPT).toIntArray();
            all.add(engine.submit(GenerationRequest.of(prompt,
                    GenerationConfig.greedy(tokens).with(Sampling.temperature(1).withTopK(TOP_K), i))));
        }
        for (Generation generation : all) {
            while (generation.next().isPresent()) {
                continue;
            }
        }
    }
}
