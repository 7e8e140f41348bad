package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Generator;
import dev.ricci.models.generation.Sampling;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.TensorException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * Writes with a masked diffusion model: the new tokens are hidden at first and become known in an order of their own. It
 * makes exactly as many as are asked for, unless it is ended early. Only the temperature of a {@link Sampling} has a
 * meaning here.
 *
 * @param model with {@link DecoderConfig#diffusion()}
 * @param options how it writes
 */
public record DiffusionGenerator(Decoder model, DiffusionOptions options) implements Generator {
    /** Checks that the model is one of masked diffusion, and that it can write so. */
    public DiffusionGenerator {
        options.check(MaskedDiffusion.configOf(model, "diffusion"), model.config().contextLength());
    }

    /** With the usual options. */
    public DiffusionGenerator(Decoder model) {
        this(model, DiffusionOptions.of(model));
    }

    /**
     * {@inheritDoc}
     *
     * <p>{@code onToken} sees an id as soon as all before it are known.
     *
     * @throws TensorException if the number of tokens does not fit the options or the context, or if the prompt holds the
     *     mask id
     */
    @Override
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken) {
        return generate(prompt, config, onToken, r -> { });
    }

    /**
     * The same, with an ear for the order in which ids become known.
     *
     * @param onReveal sees each id as it becomes known, before {@code onToken} does
     */
    public int[] generate(int[] prompt, GenerationConfig config, IntPredicate onToken, Consumer<Reveal> onReveal) {
        Denoising text = start(prompt, config);
        int told = prompt.length;
        int end = prompt.length + config.maxNewTokens();
        boolean wanted = true;
        Denoiser denoiser = new Denoiser(model);
        // The last block may be longer than what is asked for.
        while (wanted && told < end) {
            denoiser.run(List.of(text)).getFirst().forEach(onReveal);
            while (wanted && told < end && text.ids()[told] != maskId()) {
                wanted = onToken.test(text.ids()[told++]);
            }
        }
        return Arrays.copyOfRange(text.ids(), prompt.length, told);
    }

    /**
     * Continues a prompt to the end, and says in which order.
     *
     * @param prompt may be empty
     * @param onReveal sees each id as it becomes known, in any order, also those of a last block beyond the tokens that were
     *     asked for
     * @throws TensorException as {@link #generate}
     */
    public DiffusionResult denoise(int[] prompt, GenerationConfig config, Consumer<Reveal> onReveal) {
        return run(start(prompt, config), prompt.length + config.maxNewTokens(), onReveal);
    }

    /**
     * Fills in the hidden ids of a text, which sees what comes before and after.
     *
     * @param ids with the mask id where one is to be found; as many of these as {@code config} allows new tokens
     * @param onReveal sees each id as it becomes known, in any order
     * @throws TensorException if the model reads blocks from left to right, if there are more or fewer hidden ids, or if the
     *     options do not fit
     */
    public DiffusionResult infill(int[] ids, GenerationConfig config, Consumer<Reveal> onReveal) {
        if (diffusion().block() > 0) {
            throw new TensorException("infill: this model reads blocks of " + diffusion().block() + " from left to right, so a"
                    + " gap does not see what follows it; use one that was trained with --objective llada");
        }
        long hidden = Arrays.stream(ids).filter(id -> id == maskId()).count();
        if (hidden == 0 || hidden != config.maxNewTokens()) {
            throw new TensorException("infill: the text has " + hidden + " hidden ids, and " + config.maxNewTokens()
                    + " new ones are asked for; both must be one number, not 0");
        }
        check(ids, config);
        return run(denoising(ids.clone(), config), ids.length, onReveal);
    }

    private DiffusionResult run(Denoising text, int length, Consumer<Reveal> onReveal) {
        Denoiser denoiser = new Denoiser(model);
        while (!text.isDone()) {
            denoiser.run(List.of(text)).getFirst().forEach(onReveal);
        }
        return text.result(length);
    }

    /** A text whose new ids are all hidden. */
    Denoising start(int[] prompt, GenerationConfig config) {
        return denoising(hidden(prompt, config), config);
    }

    /**
     * The ids of a prompt and hidden ones behind it; with blocks from left to right the last block is whole, as in training.
     *
     * @throws TensorException as {@link #generate}
     */
    int[] hidden(int[] prompt, GenerationConfig config) {
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] == maskId()) {
                throw new TensorException("diffusion: the prompt has the mask id " + maskId() + " at position " + i
                        + "; only infill fills gaps");
            }
        }
        check(prompt, config);
        long length = (long) prompt.length + config.maxNewTokens();
        int context = model.config().contextLength();
        if (length > context) {
            throw new TensorException("diffusion: a prompt of " + prompt.length + " tokens and " + config.maxNewTokens()
                    + " new ones exceed the context of " + context + "; ask for fewer");
        }
        if (config.maxNewTokens() == 0) {
            return prompt.clone();
        }
        int block = Math.max(1, diffusion().block());
        int[] ids = Arrays.copyOf(prompt, (int) Math.min(context, (length + block - 1) / block * block));
        Arrays.fill(ids, prompt.length, ids.length, maskId());
        return ids;
    }

    /** @param ids checked ones, which change as they become known */
    Denoising denoising(int[] ids, GenerationConfig config) {
        DiffusionOptions used = config.useCache() ? options : options.with(Caching.NONE);
        return new Denoising(model, ids, config.maxNewTokens(), used, config.sampling().temperature(), config.seed());
    }

    private void check(int[] ids, GenerationConfig config) {
        if (!config.sampling().equals(Sampling.temperature(config.sampling().temperature()))) {
            throw new TensorException("diffusion: of the sampling only the temperature has a meaning here, got "
                    + config.sampling());
        }
        options.check(diffusion(), model.config().contextLength());
        options.checkTokens(diffusion(), config.maxNewTokens());
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= model.config().vocabSize()) {
                throw new IndexOutOfRangeException("diffusion: id " + ids[i] + " at position " + i
                        + " lies outside the model's vocabulary 0 .. " + (model.config().vocabSize() - 1));
            }
        }
        if (ids.length > model.config().contextLength()) {
            throw new TensorException("diffusion: " + ids.length + " tokens exceed the context of "
                    + model.config().contextLength());
        }
    }

    private DecoderConfig.Diffusion diffusion() {
        return model.config().diffusion().orElseThrow();
    }

    private int maskId() {
        return diffusion().maskId();
    }
}
