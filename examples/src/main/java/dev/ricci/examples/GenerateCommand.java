package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.TextGenerator;
import dev.ricci.models.lora.PeftFolder;
import dev.ricci.tensor.Device;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues a prompt with a trained model, streaming. */
@Command(name = "generate", description = "Continue a text with a trained model.")
public final class GenerateCommand implements RicciCommand {
    @Option(names = "--model", paramLabel = "MODEL", description = ModelOptions.KINDS + ShippedModel.DEFAULT)
    private Path model;

    @Mixin
    private VocabularyOption vocabulary;

    @Option(names = "--adapter", paramLabel = "DIR",
        description = "An adapter of this model: of ricci finetune, or any in the layout of PEFT (LoRA).")
    private Path adapter;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "", showDefaultValue = Visibility.NEVER,
        description = "What to continue. Default: nothing.")
    private String prompt;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "256", description = "At most this many new tokens.")
    private int tokens;

    @Mixin
    private SamplingOptions sampling;

    @Option(names = "--no-cache", description = "Compute everything anew at each token: the same text, slower.")
    private boolean noCache;

    @Option(names = "--captured", paramLabel = "true|false", arity = "1", defaultValue = "false",
        description = "Run the step of a token as a captured program: the same text.")
    private boolean captured;

    @Mixin
    private DeviceOption device;

    /** Made by the service loader. */
    public GenerateCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Optional<Device> program = program(options.out());
        GenerationConfig config = sampling.config(tokens, options.seed(), !noCache);
        LanguageModel loaded = LanguageModel.load(ShippedModel.orElse(model, "--model"),
            vocabulary.loadOptions().withWeights(LoadOptions.Weights.AS_STORED));
        if (adapter != null) {
            PeftFolder.load(adapter, loaded.decoder());
        }
        AutoregressiveGenerator generator = new AutoregressiveGenerator(loaded.decoder(), program);
        options.out().print(prompt);
        TextGenerator.Result result = new TextGenerator(loaded.tokenizer(), generator, loaded.endIds()).generate(prompt, config, piece -> {
                options.out().print(piece);
                options.out().flush();
            });
        options.out().println();
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("text", result.text());
        results.put("ids", Arrays.stream(result.ids()).boxed().toList());
        results.put("tokens_per_second", result.tokensPerSecond());
        results.put("time_to_first_token_ms", result.nanosToFirst() / 1e6);
        return results;
    }

    /** Where a program runs, if one does. */
    private Optional<Device> program(PrintStream console) {
        Device where = device.device(console);
        if (where.equals(Device.cpu()) && !captured) {
            return Optional.empty();
        }
        if (noCache) {
            throw new UsageException("--no-cache: a captured program needs the cache");
        }
        return Optional.of(where);
    }
}
