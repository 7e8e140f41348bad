package dev.ricci.examples;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.Caching;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.diffusion.DiffusionOptions;
import dev.ricci.models.diffusion.Remasking;
import dev.ricci.models.diffusion.Unmasking;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a masked diffusion model writes: what the commands that write text take. */
final class DiffusionChoices {
    private static final String FOR = "Diffusion models: ";

    @Option(names = "--block", paramLabel = "N", description = FOR + "complete N tokens before later ones begin. Default:"
        + " the blocks of its training, or the whole text.")
    private Integer block;

    @Option(names = "--steps", paramLabel = "K", description = FOR + "write in K steps, at most one a token. Default: see"
        + " --threshold.")
    private Integer steps;

    @Option(names = "--threshold", paramLabel = "P", description = FOR + "in each step write what is at least so probable."
        + " Default: 0.9.")
    private Double threshold;

    @Option(names = "--first-hitting", description = FOR + "write one token a step, at a random place.")
    private boolean firstHitting;

    @Option(names = "--remasking", paramLabel = "KIND", description = FOR + "which tokens of a step of --steps wait:"
        + " low-confidence (default) or random.")
    private String remasking;

    @Option(names = "--guidance", paramLabel = "S", description = FOR + "how much more the prompt counts (classifier-free"
        + " guidance). Default: 0.")
    private Double guidance;

    @Option(names = "--kv-cache", paramLabel = "KIND", description = FOR + "what is kept from step to step: none, prefix,"
        + " dual or exact. Default: exact if it was trained with blocks, else none.")
    private String caching;

    /** Whether one of them was given. */
    private boolean given() {
        return firstHitting || block != null || steps != null || threshold != null || remasking != null || guidance != null
            || caching != null;
    }

    /**
     * A generator for a diffusion model, nothing for one that writes from left to right.
     *
     * @throws UsageException if the options do not fit together, or are for another kind of model
     */
    Optional<DiffusionGenerator> generator(Decoder model) {
        if (model.config().diffusion().isEmpty()) {
            if (given()) {
                throw new UsageException("--block, --steps, --threshold, --first-hitting, --remasking, --guidance and"
                    + " --kv-cache are for diffusion models; this one writes from left to right");
            }
            return Optional.empty();
        }
        try {
            DiffusionOptions usual = DiffusionOptions.of(model);
            return Optional.of(new DiffusionGenerator(model, new DiffusionOptions(block == null ? usual.block() : block,
                unmasking(usual), guidance == null ? usual.guidance() : guidance,
                caching == null ? usual.caching() : named(Caching.class, "--kv-cache", caching))));
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private Unmasking unmasking(DiffusionOptions usual) {
        if ((steps != null ? 1 : 0) + (threshold != null ? 1 : 0) + (firstHitting ? 1 : 0) > 1) {
            throw new UsageException("--steps, --threshold and --first-hitting exclude each other");
        }
        if (remasking != null && steps == null) {
            throw new UsageException("--remasking: needs --steps");
        }
        return steps != null ? new Unmasking.Steps(steps, remasking == null ? Remasking.LOW_CONFIDENCE
            : named(Remasking.class, "--remasking", remasking))
            : threshold != null ? new Unmasking.Confidence(threshold)
            : firstHitting ? new Unmasking.FirstHitting() : usual.unmasking();
    }

    private static <E extends Enum<E>> E named(Class<E> type, String option, String name) {
        return Arrays.stream(type.getEnumConstants()).filter(e -> kebab(e).equals(name)).findFirst()
            .orElseThrow(() -> new UsageException(option + ": unknown '" + name + "'; one of "
                + String.join(", ", Arrays.stream(type.getEnumConstants()).map(DiffusionChoices::kebab).toList())));
    }

    private static String kebab(Enum<?> e) {
        return e.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
