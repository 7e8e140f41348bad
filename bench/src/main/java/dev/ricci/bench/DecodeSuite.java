package dev.ricci.bench;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Text one token after the other: a model of GPT-2's size behind a cache, sequences side by side in the engine,
 * models in files, and the command line's first token.
 */
final class DecodeSuite {
    private static final int STARTS = 5;

    private DecodeSuite() {
    }

    static Session.Result run(Session session) throws IOException, InterruptedException {
        Workload.Decode w = session.quick()
                ? new Workload.Decode("1 layer, width 32", model(DecoderConfig.gpt2(64, 32, 1, 2, 32)), 8)
                : new Workload.Decode("12 layers, width 768", model(DecoderConfig.gpt2(50257, 128, 12, 12, 768)), 64);
        List<Row> rows = new ArrayList<>();
        for (int threads : session.threadCounts()) {
            rows.add(session.compare(w, threads, Plan.LONG));
        }
        String home = System.getProperty("ricci.home");
        Path stories = home == null ? null : Path.of(home).resolveSibling("shared").resolve("data/stories260K");
        EngineRows.run(session, stories, rows);
        StoredRows.run(session, rows);
        firstToken(session, home, stories, rows);
        return new Session.Result(rows);
    }

    private static Decoder model(DecoderConfig config) {
        return new Decoder(config, Rng.of(1));
    }

    /** The whole process: build check, JVM, loading, one token. */
    private static void firstToken(Session session, String home, Path model, List<Row> rows)
            throws IOException, InterruptedException {
        if (home == null) {
            session.progress().println("  time to the first token: skipped, this was not started by the launcher");
            return;
        }
        Path launcher = Path.of(home, "ricci");
        if (!Files.isExecutable(launcher) || !Files.isDirectory(model)) {
            session.progress().println("  time to the first token: skipped, needs a shell and " + model);
            return;
        }
        double[] seconds = new double[session.quick() ? 1 : STARTS];
        for (int i = 0; i < seconds.length; i++) {
            long began = System.nanoTime();
            int code = new ProcessBuilder(launcher.toString(), "generate", "--model",
                    model.resolve("stories260K.bin").toString(), "--tokenizer", model.resolve("tok512.bin").toString(),
                    "--prompt", "Once upon a time", "--tokens", "1").redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor();
            seconds[i] = (System.nanoTime() - began) / 1e9;
            if (code != 0) {
                throw new IOException("ricci generate ended with " + code);
            }
        }
        Interleaved.Times times = Interleaved.Times.of(seconds);
        rows.add(session.done(new Row("ricci generate with stories260K, start to first token", session.threads(), "ms",
                new Row.Value(times.median() * 1e3, times.best() * 1e3), Map.of(), "", "", Double.NaN)));
    }
}
