package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.models.weights.ModelFile;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.JsonlMetrics;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a language model on a text, from scratch, and lets it write. */
@Command(name = "train", description = "Train a language model on a text.")
public final class TrainCommand implements RicciCommand {
    private static final int SAMPLE_TOKENS = 300;

    @Spec
    private CommandSpec spec;

    @Option(names = "--text", paramLabel = "FILE",
        description = "UTF-8 text to learn; the last tenth is kept for validation. Default: the project's own sources.")
    private Path text;

    @Option(names = "--preset", paramLabel = "NAME", defaultValue = "quick",
        description = "Defaults of the hyper-parameters: quick, char-small, char or tiny.")
    private String presetName;

    @Option(names = "--out", paramLabel = "DIR", description = "Where the run is written. Default: runs/<preset>.")
    private Path out;

    @Option(names = "--resume", description = "Go on from the last checkpoint in --out, if there is one; with the"
        + " options of the start, exactly as if it had not stopped.")
    private boolean resume;

    /** Made by the service loader. */
    public TrainCommand() {
    }

    @Override
    public void addOptions(CommandSpec command) {
        TrainOptions.add(command);
    }

    /** All that a training needs. */
    private record Run(TrainPreset p, Path folder, String textHash, Tokenizer tokenizer, int[] validation, Decoder model,
        AdamW optimizer, DataLoader loader) {
        /** What checkpoints keep, so that a run goes on only with its own model and text. */
        Map<String, Object> config() {
            Map<String, Object> config = ModelFile.config(model, tokenizer);
            config.put("ricci.text", textHash);
            config.put(RunFolder.HYPER_PARAMETERS, TrainOptions.toMap(p));
            return config;
        }
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        TrainPreset preset = TrainPreset.ALL.get(presetName);
        if (preset == null) {
            throw new UsageException("--preset: unknown '" + presetName + "'; one of "
                + String.join(", ", TrainPreset.ALL.keySet()));
        }
        TrainPreset p = TrainOptions.read(spec, preset);
        checkUsage(p);
        Run run = prepare(p, out != null ? out : Path.of("runs", presetName), options.seed());
        PrintStream console = options.out();
        Function<Batch, Tensor> loss = b -> run.model.loss(b.inputs(), b.targets());
        LossCurve curve = new LossCurve(run.folder.resolve("metrics.jsonl"), run.folder.resolve("curve.svg"));
        StopRequest stop = options.stopRequest();
        if (resume) {
            RunFolder.checkSame(run.folder, run.config(), console);
        } else {
            RunFolder.setAside(run.folder, Path.of(""), console);
        }
        Trainer trainer = Trainer.of(run.model, loss, run.loader, run.optimizer, trainerOptions(run, options.seed()));
        trainer.config(run.config())
            .evaluator(() -> Scoring.meanLoss(run.model, run.validation, p.context()))
            .listener(new JsonlMetrics(curve.metrics()))
            .listener(new ConsoleProgress(console))
            .listener(new StopListener(stop, trainer))
            .listener(curve);
        console.printf("%s: %,d parameters, %,d training and %,d validation tokens, vocabulary %d; %d steps of %d tokens%n",
            run.folder, run.model.parameterCount(), run.loader.data().size() + p.context(), run.validation.length,
            run.tokenizer.vocabSize(), p.steps(), p.batch() * p.accumulate() * p.context());
        TrainingResult result = resume ? trainer.resume() : trainer.run();
        return finish(run, result, options);
    }

    /** What can be known to be wrong before anything is read is bad usage, not failure. */
    private static void checkUsage(TrainPreset p) {
        try {
            TrainSetup.decoderConfig(p, 1);
            TrainSetup.schedule(p);
            TrainSetup.adamOptions(p);
            TrainerOptions.of(p.steps()).withAccumulation(p.accumulate()).withClipNorm(p.clip())
                .withEvaluateEvery(p.evalEvery()).withCheckpoints(Path.of("."), p.checkpointEvery());
            DataLoader.Options.drawn(p.batch(), 0);
            Tokenizers.train(p.tokenizer(), p.vocabSize(), "a");
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Run prepare(TrainPreset p, Path folder, long seed) throws Exception {
        String content = text == null ? TextSource.ofProject() : TextSource.read(text);
        if (content.isEmpty()) {
            throw new TensorException("train: the text " + text + " is empty");
        }
        Tokenizer tokenizer = Tokenizers.train(p.tokenizer(), p.vocabSize(), content);
        int[] ids = tokenizer.encode(content);
        int split = (int) (ids.length * 0.9);
        int[] training = Arrays.copyOf(ids, split);
        int[] validation = Arrays.copyOfRange(ids, split, ids.length);
        if (validation.length <= p.context() || training.length <= p.context()) {
            throw new TensorException("train: the text has " + ids.length + " tokens; its last tenth, "
                + validation.length + ", must be longer than the context of " + p.context()
                + ". Use a longer text or a shorter --context");
        }
        Decoder model = new Decoder(TrainSetup.decoderConfig(p, tokenizer.vocabSize()), Rng.of(seed).split("model"));
        AdamW optimizer = AdamW.of(model.parameters(), TrainSetup.schedule(p), TrainSetup.adamOptions(p));
        DataLoader loader = DataLoader.of(TokenWindows.everywhere(training, p.context()),
            DataLoader.Options.drawn(p.batch(), seed));
        return new Run(p, folder, TextSource.hash(content), tokenizer, validation, model, optimizer, loader);
    }

    private static TrainerOptions trainerOptions(Run run, long seed) {
        TrainPreset p = run.p;
        return TrainerOptions.of(p.steps()).withAccumulation(p.accumulate()).withClipNorm(p.clip())
            .withEvaluateEvery(p.evalEvery()).withCheckpoints(run.folder, p.checkpointEvery()).withSeed(seed);
    }

    private static Map<String, ?> finish(Run run, TrainingResult result, CommonOptions options) throws Exception {
        PrintStream console = options.out();
        Path file = run.folder.resolve("model.safetensors");
        ModelFile.save(file, run.model, run.tokenizer);
        double validation = result.score().isPresent() ? result.score().getAsDouble()
            : Scoring.meanLoss(run.model, run.validation, run.p.context());
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("steps", result.steps());
        results.put("train_loss", result.loss().isPresent() ? (Object) result.loss().getAsDouble() : null);
        results.put("val_loss", validation);
        results.put("tokens_per_second", result.tokensPerSecond());
        results.put("seconds", result.elapsed().toNanos() / 1e9);
        results.put("peak_memory_mb", PeakMemory.megabytes());
        results.put("checkpoint", file.toString());
        if (result.end() == TrainingResult.End.STOPPED) {
            console.printf("stopped after step %d of %d; go on with --resume%n", result.steps(), run.p.steps());
            return results;
        }
        // The sample starts as the validation text does: some id there always is.
        int[] start = Arrays.copyOf(run.validation, 1);
        int[] made = new AutoregressiveGenerator(run.model).generate(start,
            GenerationConfig.greedy(SAMPLE_TOKENS).with(Sampling.temperature(0.8), options.seed()), id -> true);
        console.printf("%n--- a sample, temperature 0.8 ---%n%s%n---%n%n", run.tokenizer.decode(made));
        console.printf("steps %d, validation loss %.4f, %.0f tokens/s, %.1f s, peak memory %.0f MB%n", result.steps(),
            validation, result.tokensPerSecond(), result.elapsed().toNanos() / 1e9, PeakMemory.megabytes());
        console.printf("model   %s%ncurve   %s%nmetrics %s%n", file, run.folder.resolve("curve.svg"),
            run.folder.resolve("metrics.jsonl"));
        console.printf("Let it write: ./ricci generate --model %s --prompt \"...\"%n", file);
        return results;
    }
}
