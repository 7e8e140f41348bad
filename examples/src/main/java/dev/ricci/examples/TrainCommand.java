package dev.ricci.examples;

import dev.ricci.models.ModelFile;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.DiffusionData;
import dev.ricci.models.diffusion.Noise;
import dev.ricci.models.diffusion.SearchedNoise;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.TensorException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a language model on a text, from scratch, and lets it write. */
@Command(name = "train", description = "Train a language model on a text.")
public final class TrainCommand implements RicciCommand {
    private static final int SAMPLE_TOKENS = 300;
    private static final int SEARCH_BATCHES = 16;
    private static final long SEARCH_SEED = 1;

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

    @Mixin
    private DeviceOption device;

    /** Made by the service loader. */
    public TrainCommand() {
    }

    @Override
    public void addOptions(CommandSpec command) {
        PresetOptions.add(command, TrainPreset.ALL);
    }

    /** A training, and what is made with its model afterwards. */
    private record Run(TrainingRun training, Tokenizer tokenizer, int[] validation, Decoder model) {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        TrainPreset preset = TrainPreset.ALL.get(presetName);
        if (preset == null) {
            throw new UsageException("--preset: unknown '" + presetName + "'; one of "
                + String.join(", ", TrainPreset.ALL.keySet()));
        }
        TrainPreset p = PresetOptions.read(spec, preset);
        checkUsage(p);
        Device where = device.device(options.out());
        Run run = prepare(p, where, out != null ? out : Path.of("runs", presetName), options);
        Optimization o = p.optimization();
        TrainingResult result = run.training.train(resume, options, String.format(
            "%,d parameters, %,d training and %,d validation tokens, vocabulary %d; %d steps of %d tokens",
            run.model.parameterCount(), run.training.loader().data().size() + p.context(), run.validation.length,
            run.tokenizer.vocabSize(), o.steps(), o.batch() * o.accumulate() * p.context()));
        return finish(run, result, options);
    }

    /** What can be known to be wrong before anything is read is bad usage, not failure. */
    private static void checkUsage(TrainPreset p) {
        try {
            TrainSetup.decoderConfig(p, 1);
            p.prediction().noise();
            p.optimization().check();
            Tokenizers.train(p.tokenizer(), p.vocabSize(), "a");
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Run prepare(TrainPreset p, Device where, Path folder, CommonOptions options) throws Exception {
        long seed = options.seed();
        String content = text == null ? TextSource.ofProject() : TextSource.read(text);
        if (content.isEmpty()) {
            throw new TensorException("train: the text " + text + " is empty");
        }
        Tokenizer tokenizer = Tokenizers.train(p.tokenizer(), p.vocabSize(), content);
        TextSplit split = TextSplit.of(tokenizer.encode(content), p.context());
        Decoder model = new Decoder(TrainSetup.decoderConfig(p, tokenizer.vocabSize()), Rng.of(seed).split("model"));
        Map<String, Object> config = ModelFile.config(model, tokenizer);
        config.put("ricci.text", TextSource.hash(content));
        config.put(RunFolder.HYPER_PARAMETERS, PresetOptions.toMap(p));
        Objective objective = p.prediction().kind();
        DataLoader loader = DataLoader.of(objective.data(TokenWindows.everywhere(split.training(), p.context())),
            DataLoader.Options.drawn(p.optimization().batch(), seed));
        Noise noise = p.prediction().noise();
        Optional<TrainingRun.Curriculum> curriculum = noise instanceof SearchedNoise searched
            ? Optional.of(new TrainingRun.Curriculum(searched.variables(), new NoiseListener(searched, model,
                searchBatches(split.validation(), p), p.optimization().steps(), options.out()))) : Optional.empty();
        return new Run(new TrainingRun(folder, model, objective.loss(model, noise), loader,
            () -> objective.validate(model, split.validation(), p.context()), p.optimization(), where, config, curriculum),
            tokenizer, split.validation(), model);
    }

    /** In which the loss of a model varies, the same each time. */
    private static List<Batch> searchBatches(int[] validation, TrainPreset p) {
        Dataset windows = DiffusionData.windows(TokenWindows.everywhere(validation, p.context()), 0, 1);
        try (DataLoader loader = DataLoader.of(windows, DataLoader.Options.drawn(p.optimization().batch(), SEARCH_SEED)
                .withPrefetch(0))) {
            return IntStream.range(0, SEARCH_BATCHES).mapToObj(i -> loader.next()).toList();
        }
    }

    private static Map<String, ?> finish(Run run, TrainingResult result, CommonOptions options) throws Exception {
        PrintStream console = options.out();
        Path file = run.training.folder().resolve("model.safetensors");
        ModelFile.save(file, run.model, run.tokenizer);
        Map<String, Object> results = run.training.results(result);
        results.put("checkpoint", file.toString());
        if (result.end() != TrainingResult.End.STOPPED) {
            // The sample starts as the validation text does: some id there always is.
            int[] start = Arrays.copyOf(run.validation, 1);
            int[] made = Writer.of(run.model).generate(start, GenerationConfig.greedy(Writer.tokens(run.model, start.length,
                SAMPLE_TOKENS)).with(Sampling.temperature(0.8), options.seed()), id -> true);
            console.printf("%n--- a sample, temperature 0.8 ---%n%s%n---%n%n", run.tokenizer.decode(made));
        }
        run.training.report(result, results, console);
        if (result.end() != TrainingResult.End.STOPPED) {
            console.printf("model   %s%nLet it write: ./ricci generate --model %s --prompt \"...\"%n", file, file);
        }
        return results;
    }
}
