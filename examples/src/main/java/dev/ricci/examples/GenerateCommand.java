package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.LoadOptions;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.generation.TextGenerator;
import dev.ricci.models.lora.PeftFolder;
import dev.ricci.tensor.TensorException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Continues a prompt with a trained model, streaming. */
@Command(name = "generate", description = "Continue a text with a trained model.")
public final class GenerateCommand implements RicciCommand {
    @Option(names = "--model", required = true, paramLabel = "FILE",
        description = "A .safetensors file or run folder of ricci train, or a llama2.c model.")
    private Path model;

    @Option(names = "--tokenizer", paramLabel = "FILE", description = "The vocabulary of a llama2.c model.")
    private Path tokenizer;

    @Option(names = "--adapter", paramLabel = "DIR",
        description = "An adapter of this model: of ricci finetune, or any in the layout of PEFT (LoRA).")
    private Path adapter;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "", description = "What to continue.")
    private String prompt;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "256", description = "At most this many new tokens.")
    private int tokens;

    @Option(names = "--temperature", paramLabel = "T", defaultValue = "0.8", description = "0 is greedy.")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "Only the k likeliest; 0: all.")
    private int topK;

    @Option(names = "--top-p", paramLabel = "P", defaultValue = "1",
        description = "Only the fewest whose probabilities reach p.")
    private double topP;

    @Option(names = "--min-p", paramLabel = "P", defaultValue = "0",
        description = "Only tokens at least this fraction as likely as the best.")
    private double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X", defaultValue = "1",
        description = "Above 1: tokens seen before become less likely.")
    private double repetitionPenalty;

    @Option(names = "--stop", paramLabel = "TEXT", description = "Stop before this text; may be given several times.")
    private List<String> stop = List.of();

    @Option(names = "--no-cache", description = "Compute everything anew at each token: the same text, slower.")
    private boolean noCache;

    /** Made by the service loader. */
    public GenerateCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        GenerationConfig config = config(options.seed());
        LoadOptions usual = LoadOptions.usual().withWeights(LoadOptions.Weights.AS_STORED);
        LanguageModel loaded = LanguageModel.load(model, tokenizer == null ? usual : usual.withVocabulary(tokenizer));
        if (adapter != null) {
            PeftFolder.load(adapter, loaded.decoder());
        }
        options.out().print(prompt);
        TextGenerator.Result result = new TextGenerator(loaded.tokenizer(), new AutoregressiveGenerator(loaded.decoder()),
            loaded.endIds()).generate(prompt, config, piece -> {
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

    private GenerationConfig config(long seed) {
        try {
            return new GenerationConfig(tokens, new Sampling(temperature, topK, topP, minP, repetitionPenalty), seed, stop,
                !noCache);
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }
}
