package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.ModelFile;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.instruction.InstructionEncoder.TooLong;
import dev.ricci.models.lora.LoraAdapter;
import dev.ricci.models.lora.PeftFolder;
import dev.ricci.models.weights.WeightFolder;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Trains a loaded model further: low-rank adapters beside its weights, or all weights. */
@Command(name = "finetune", description = "Train a model further, on a text or on examples of answers.")
public final class FinetuneCommand implements RicciCommand {
    private static final int MOST_CONTEXT = 512;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "MODEL", description = "What to start from. " + ModelOptions.KINDS)
    private Path model;

    @Mixin
    private VocabularyOption vocabulary;

    @Option(names = "--data", required = true, paramLabel = "FILE", description = "A UTF-8 text; or, if its name ends with"
        + " .jsonl, examples, one JSON object a line: {prompt, completion}, {instruction, input, output}, {messages} or"
        + " {text}. Of examples only the answers are learned.")
    private Path data;

    @Option(names = "--validation", paramLabel = "FILE",
        description = "What to measure with, of the same kind. Default: the last tenth of --data.")
    private Path validation;

    @Option(names = "--lora", description = "Train adapters (LoRA) and leave the weights as they are: the default.")
    private boolean lora;

    @Option(names = "--full", description = "Train all weights.")
    private boolean full;

    @Option(names = "--merge", description = "Write the model with the adapters added to its weights, too.")
    private boolean merge;

    @Option(names = "--as-stored", description = "Keep the model's matrices in the type of its file: less memory, slower.")
    private boolean asStored;

    @Option(names = "--leave-out-long", description = "Leave out examples longer than the context; else their end is cut off.")
    private boolean leaveOutLong;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/finetune", description = "Where the run is written.")
    private Path out;

    @Option(names = "--resume", description = "Go on from the last checkpoint in --out, if there is one; with the"
        + " options of the start, exactly as if it had not stopped.")
    private boolean resume;

    @Mixin
    private DeviceOption device;

    /** Made by the service loader. */
    public FinetuneCommand() {
    }

    @Override
    public void addOptions(CommandSpec command) {
        PresetOptions.add(command, FinetunePreset.ALL);
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        FinetunePreset p = PresetOptions.read(spec, FinetunePreset.ALL.get(full ? "full" : "lora"));
        checkUsage(p);
        Device where = device.device(options.out());
        LanguageModel base = LanguageModel.load(model,
            vocabulary.loadOptions().withWeights(asStored ? LoadOptions.Weights.AS_STORED : LoadOptions.Weights.F32));
        Decoder decoder = base.decoder();
        if (decoder.config().diffusion().isEmpty() && !decoder.mask().isCausal()) {
            throw new TensorException("finetune: " + model + " sees what follows and has no mask id, so that there is nothing"
                + " to predict; only models that read from left to right or of masked diffusion can be trained on");
        }
        LoraAdapter adapter = full ? null : LoraAdapter.on(decoder, p.lora(), Rng.of(options.seed()).split("lora"));
        Layer trained = full ? decoder : adapter;
        int most = decoder.config().contextLength();
        int block = decoder.config().diffusion().map(d -> Math.max(1, d.block())).orElse(1);
        int context = p.context() == 0 ? Math.min(most, Math.max(MOST_CONTEXT, block)) / block * block : p.context();
        if (context > most) {
            throw new UsageException("--context: the model reads " + most + " tokens at most, got " + context);
        }
        if (context % block != 0) {
            throw new UsageException("--context: the model reads blocks of " + block + " tokens, got " + context);
        }
        FinetuneData.Source source = new FinetuneData.Source(data, validation, context,
            leaveOutLong ? TooLong.LEAVE_OUT : TooLong.CUT, p.optimization().batch(), options.seed(),
            p.optimization().captured() || !where.equals(Device.cpu()));
        Map<String, Object> config = config(p, base, source);
        FinetuneData material = FinetuneData.of(source, base);
        TrainingRun run = new TrainingRun(out, trained, material.loss(), material.loader(), material.evaluator(),
            p.optimization(), where, config, Optional.empty());
        Double before = resume ? null : (Double) material.evaluator().evaluate();
        TrainingResult result = run.train(resume, options, headline(p, decoder, trained, material, context, before));
        return finish(run, result, base, adapter, before, options.out());
    }

    /** What can be known to be wrong before anything is read is bad usage, not failure. */
    private void checkUsage(FinetunePreset p) {
        if (full && (lora || merge || p.rank() != 0)) {
            throw new UsageException("--full trains all weights: leave --lora, --rank and --merge out");
        }
        if (asStored && (full || merge)) {
            throw new UsageException("--as-stored: such weights never change; leave it out with --full and --merge");
        }
        if (p.context() < 0) {
            throw new UsageException("--context: must not be negative, got " + p.context());
        }
        try {
            if (!full) {
                p.lora();
            }
            p.optimization().check();
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Map<String, Object> config(FinetunePreset p, LanguageModel base, FinetuneData.Source source)
        throws IOException {
        Map<String, Object> config = new LinkedHashMap<>();
        if ((full || merge) && !isPublished()) {
            // Before the training and not after it: not every vocabulary can be written with its model.
            Map<String, Object> ofModel = ModelFile.config(base.decoder(), base.tokenizer());
            config.putAll(full ? ofModel : Map.of());
        }
        if (!full) {
            config.put("ricci.lora", Map.of("rank", (long) p.rank(), "alpha", p.alpha(), "targets", p.targets()));
        }
        config.put("ricci.base", TextSource.hash(model));
        config.put("ricci.text", source.hash());
        config.put("ricci.context", (long) source.context());
        config.put(RunFolder.HYPER_PARAMETERS, PresetOptions.toMap(p));
        return config;
    }

    /** A folder of a published model, whose layout the result has too. */
    private boolean isPublished() {
        return Files.exists(model.resolve(WeightFolder.CONFIG));
    }

    private static String headline(FinetunePreset p, Decoder decoder, Layer trained, FinetuneData material, int context,
        Double before) {
        long trainable = trained.trainableParameters().values().stream().mapToLong(Parameter::size).sum();
        Optimization o = p.optimization();
        return String.format("%,d of %,d parameters, %s; %d steps of %d rows of %d tokens%s", trainable,
            decoder.parameterCount() + (trained == decoder ? 0 : trainable), material.summary(), o.steps(),
            o.batch() * o.accumulate(), context,
            before == null ? "" : String.format("; validation loss %.4f before", before));
    }

    private Map<String, ?> finish(TrainingRun run, TrainingResult result, LanguageModel base, LoraAdapter adapter,
        Double before, PrintStream console) throws IOException {
        Path file = run.folder().resolve(isPublished() ? "model" : "model.safetensors");
        Path folder = run.folder().resolve("adapter");
        Map<String, Object> results = run.results(result);
        if (before != null) {
            results.put("val_loss_before", before);
        }
        if (adapter != null) {
            PeftFolder.save(folder, adapter, model.toString());
            results.put("adapter", folder.toString());
        }
        if (merge) {
            adapter.merge();
        }
        if (merge || full) {
            if (isPublished()) {
                LanguageModel.saveDecoder(file, base.decoder());
                LanguageModel.copyVocabulary(model, file);
            } else {
                ModelFile.save(file, base.decoder(), base.tokenizer());
            }
            results.put("checkpoint", file.toString());
        }
        run.report(result, results, console);
        console.print(adapter == null ? "" : String.format("adapter %s%n", folder));
        console.print(merge || full ? String.format("model   %s%n", file) : "");
        console.printf("Let it write: ./ricci generate --model %s --prompt \"...\"%n", merge || full ? file
            : model + vocabulary.asTyped() + " --adapter " + folder);
        return results;
    }
}
