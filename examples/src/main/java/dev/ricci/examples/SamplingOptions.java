package dev.ricci.examples;

import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.TensorException;
import java.util.List;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** How tokens are chosen, and where to stop: what the commands that write text take. */
final class SamplingOptions {
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

    @Option(names = "--stop", paramLabel = "TEXT", showDefaultValue = Visibility.NEVER,
        description = "Stop before this text; may be given several times.")
    private List<String> stop = List.of();

    /** What to generate. */
    GenerationConfig config(int tokens, long seed, boolean cache) {
        try {
            return new GenerationConfig(tokens, new Sampling(temperature, topK, topP, minP, repetitionPenalty), seed, stop,
                cache);
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }
}
