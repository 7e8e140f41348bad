package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Generator;
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
    private static final int USUAL_TOKENS = 256;

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

    @Option(names = "--infill", paramLabel = "TEXT", description = "Fill the gaps of a text, written as [MASK:20] where 20"
        + " tokens are missing; for diffusion models that see both ways.")
    private String infill;

    @Option(names = "--tokens", paramLabel = "N", description = "At most this many new tokens; a diffusion model writes"
        + " exactly so many. Default: " + USUAL_TOKENS + ", or what fits into a diffusion model's context.")
    private Integer tokens;

    @Option(names = "--watch", description = "Diffusion models: show the text after each step, with _ for what is hidden.")
    private boolean watch;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private DiffusionChoices diffusion;

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
        if (infill != null && (!prompt.isEmpty() || tokens != null)) {
            throw new UsageException("--infill: the text says what is given and how many tokens are missing; leave --prompt and"
                + " --tokens out");
        }
        GenerationConfig config = sampling.config(tokens == null ? USUAL_TOKENS : tokens, options.seed(), !noCache);
        LanguageModel loaded = LanguageModel.load(ShippedModel.orElse(model, "--model"),
            vocabulary.loadOptions().withWeights(LoadOptions.Weights.AS_STORED));
        if (adapter != null) {
            PeftFolder.load(adapter, loaded.decoder());
        }
        Optional<DiffusionGenerator> denoiser = diffusion.generator(loaded.decoder());
        if (denoiser.isPresent()) {
            if (program.isPresent()) {
                throw new UsageException("--captured and --device gpu are for models that write from left to right; this is a"
                    + " diffusion model");
            }
            return new Denoising(loaded, denoiser.get(), options.out()).run(config);
        }
        if (infill != null || watch) {
            throw new UsageException("--infill and --watch are for diffusion models; this one writes from left to right");
        }
        return generate(loaded, new AutoregressiveGenerator(loaded.decoder(), program), config, options.out(), true);
    }

    private Map<String, Object> generate(LanguageModel loaded, Generator generator, GenerationConfig config, PrintStream out,
        boolean streamed) {
        out.print(streamed ? prompt : "");
        TextGenerator.Result result = new TextGenerator(loaded.tokenizer(), generator, loaded.endIds())
            .generate(prompt, config, piece -> {
                out.print(streamed ? piece : "");
                out.flush();
            });
        out.println(streamed ? "" : result.text());
        return results(result.text(), result.ids(), result.tokensPerSecond(), result.nanosToFirst());
    }

    private static Map<String, Object> results(String text, int[] ids, double tokensPerSecond, long nanosToFirst) {
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("text", text);
        results.put("ids", Arrays.stream(ids).boxed().toList());
        results.put("tokens_per_second", tokensPerSecond);
        results.put("time_to_first_token_ms", nanosToFirst / 1e6);
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

    /** What a diffusion model does. */
    private final class Denoising {
        private final LanguageModel loaded;
        private final DiffusionGenerator generator;
        private final PrintStream out;
        private final int maskId;

        Denoising(LanguageModel loaded, DiffusionGenerator generator, PrintStream out) {
            this.loaded = loaded;
            this.generator = generator;
            this.out = out;
            this.maskId = loaded.decoder().config().diffusion().orElseThrow().maskId();
        }

        Map<String, ?> run(GenerationConfig config) {
            if (infill != null) {
                return infill(config);
            }
            int[] start = loaded.tokenizer().encodePrompt(prompt);
            GenerationConfig used = tokens != null ? config
                : config.withMaxNewTokens(Writer.tokens(loaded.decoder(), start.length, USUAL_TOKENS));
            int[] ids = Arrays.copyOf(start, start.length + used.maxNewTokens());
            Arrays.fill(ids, start.length, ids.length, maskId);
            Watcher watcher = watcher(ids);
            Map<String, Object> results = generate(loaded, (from, c, onToken) -> {
                int[] made = generator.generate(from, c, onToken, watcher);
                watcher.end();
                return made;
            }, used, out, !watch);
            results.put("steps", watcher.steps());
            return results;
        }

        private Map<String, ?> infill(GenerationConfig config) {
            int[] ids = Infill.ids(infill, loaded.tokenizer(), maskId);
            int missing = (int) Arrays.stream(ids).filter(id -> id == maskId).count();
            Watcher watcher = watcher(ids);
            long[] times = {0};
            long start = System.nanoTime();
            int[] whole = generator.infill(ids, config.withMaxNewTokens(missing), r -> {
                times[0] = times[0] == 0 ? System.nanoTime() : times[0];
                watcher.accept(r);
            }).ids();
            watcher.end();
            int bos = loaded.tokenizer().bos().isPresent() ? 1 : 0;
            String text = loaded.tokenizer().decode(Arrays.copyOfRange(whole, bos, whole.length));
            out.println(text);
            Map<String, Object> results = results(text, whole, missing * 1e9 / (System.nanoTime() - start), times[0] - start);
            results.put("steps", watcher.steps());
            return results;
        }

        private Watcher watcher(int[] ids) {
            return new Watcher(loaded.tokenizer(), maskId, ids, watch ? out : null);
        }
    }
}
