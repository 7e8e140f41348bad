package dev.ricci.models.decoder;

import dev.ricci.nn.AttentionMask;
import dev.ricci.nn.KvBatch;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.KvStep;
import dev.ricci.nn.Layer;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.init.Initializers;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * A decoder-only language model: ids [B, T] to logits [B, T, V]. One class covers the shapes of GPT-2, Llama and their
 * kin, by {@link DecoderConfig}. Parameters are named as Hugging Face's Llama names them: {@code model.embed_tokens.weight},
 * {@code model.layers.0.self_attn.q_proj.weight}, ..., {@code model.norm.weight}, {@code lm_head.weight}. The mask is a
 * value, so that the same class serves models that see both ways, and masked diffusion models: those predict ids in their
 * own place, not those that follow, and never their mask id.
 */
public final class Decoder extends Layer {
    private static final double EMBEDDING_STD = 0.02;
    /** GPT-2 has 0.02 at its width of 768; matrices keep the size of what they multiply if it goes as 1 / sqrt(width). */
    private static final double MATRIX_STD_AT_WIDTH_1 = 0.02 * Math.sqrt(768);

    private final DecoderConfig config;
    private final DecoderStack model;
    private final Linear head;
    /** [V], the mask id alone; null where there is none. */
    private final Tensor unpredicted;

    /**
     * A model with fresh weights: normal, with standard deviation 0.02 for embeddings and the head and 0.02 *
     * sqrt(768 / width) for other matrices, divided by sqrt(2 * layers) for the projections into the residual stream (Radford et al. 2019, section
     * 2.3, whose 0.02 this is at their width); biases 0, norms 1.
     */
    public Decoder(DecoderConfig config, Rng rng) {
        this.config = config;
        this.model = child("model", new DecoderStack(config, rng.split("model")));
        this.head = child("lm_head", config.tiedHead() ? Linear.tied(model.tokens().weight())
                : new Linear(config.width(), config.vocabSize(), false, rng.split("lm_head")));
        parameters().forEach((path, p) -> init(path, p, rng.split(path)));
        this.unpredicted = config.diffusion().map(d -> Tensor.arange(config.vocabSize()).eq(d.maskId())).orElse(null);
    }

    private void init(String path, Parameter p, Rng rng) {
        boolean residual = path.endsWith("o_proj.weight") || path.endsWith("fc_out.weight")
                || path.endsWith("down_proj.weight");
        if (p.spec().shape().rank() == 2) {
            double matrix = MATRIX_STD_AT_WIDTH_1 / Math.sqrt(config.width());
            double std = path.contains("embed_") || path.startsWith("lm_head") ? EMBEDDING_STD
                    : residual ? matrix / Math.sqrt(2.0 * config.layers()) : matrix;
            p.initialize(() -> Initializers.normal(std).create(rng, p.spec().shape()));
        } else if (path.endsWith("bias")) {
            p.initialize(() -> Tensor.full(p.spec().shape(), p.spec().dtype(), 0));
        }
    }

    /** Its shape. */
    public DecoderConfig config() {
        return config;
    }

    /** What a token sees in this model, except for sliding windows, which each layer adds to a causal mask itself. */
    public AttentionMask mask() {
        int block = config.diffusion().map(DecoderConfig.Diffusion::block).orElse(0);
        return config.attention().causal() ? AttentionMask.causal()
                : block > 0 ? AttentionMask.blockCausal(block) : AttentionMask.full();
    }

    /**
     * Logits at every position, each from the ids that it sees.
     *
     * @param ids [B, T] I32 or I64, T at most the context
     * @return [B, T, V]
     */
    public Tensor logits(Tensor ids) {
        return logits(ids, mask());
    }

    /**
     * Logits at every position under any mask.
     *
     * @param ids [B, T] I32 or I64, T at most the context
     * @return [B, T, V]
     */
    public Tensor logits(Tensor ids, AttentionMask mask) {
        check(ids, 0);
        return head(model.forward(ids, Tensor.arange(ids.dim(1)), mask, null));
    }

    /**
     * The mean cross-entropy of the next ids, without holding the logits of all positions at once unless they are capped.
     *
     * @param ids [B, T] I32 or I64, T at most the context
     * @param targets [B, T], the id that follows each; {@link Functional#IGNORE_INDEX} does not count
     * @return a scalar
     * @throws TensorException if it is a masked diffusion model, which does not predict the next id
     */
    public Tensor loss(Tensor ids, Tensor targets) {
        checkPredictsNext("loss", "use MaskedDiffusion");
        check(ids, 0);
        return headLoss(hiddenStates(ids, Tensor.arange(ids.dim(1)), mask(), null), targets);
    }

    /**
     * The mean cross-entropy of targets behind hidden states, without holding the logits of all of them at once unless
     * they are capped.
     *
     * @param hidden [..., C]
     * @param targets [...]; {@link Functional#IGNORE_INDEX} does not count
     * @return a scalar
     */
    public Tensor headLoss(Tensor hidden, Tensor targets) {
        return headLoss(hidden, targets, null);
    }

    /**
     * The weighted mean of the cross-entropy, sum(weight * loss) / sum(weight), and 0 if no weight is left.
     *
     * @param hidden [..., C]
     * @param targets [...]; {@link Functional#IGNORE_INDEX} does not count. None is the mask id of a masked diffusion model, which
     *     has no probability
     * @param weights [...], not tracked, or null for ones
     * @return a scalar
     */
    public Tensor headLoss(Tensor hidden, Tensor targets, Tensor weights) {
        int ignored = Functional.IGNORE_INDEX;
        Tensor weight = head.weight().value();
        if (config.logitCap() > 0) {
            return Functional.crossEntropy(head(hidden), targets, weights, ignored, 0);
        }
        if (unpredicted == null) {
            return Functional.linearCrossEntropy(hidden, weight, targets, weights, ignored, 0);
        }
        // Without the row of the mask id, so that it has no probability; ids behind it move up.
        int mask = config.diffusion().get().maskId();
        boolean last = mask == config.vocabSize() - 1;
        Tensor rows = last ? weight.slice(0, 0, mask)
                : Tensor.cat(0, weight.slice(0, 0, mask), weight.slice(0, mask + 1, config.vocabSize()));
        Tensor ids = last ? targets : targets.gt(mask).where(targets.sub(1), targets);
        return Functional.linearCrossEntropy(hidden, rows, ids, weights, ignored, 0);
    }

    private void checkPredictsNext(String what, String remedy) {
        if (unpredicted != null) {
            throw new TensorException(what + ": this is a masked diffusion model, which predicts masked ids and not the next"
                    + " one; " + remedy);
        }
    }

    /**
     * Hidden states behind the last norm, under any mask and at any positions.
     *
     * @param ids [B, T] I32 or I64
     * @param positions [T] or [B, T], below the context
     * @param cache to which keys and values are appended, or null
     * @return [B, T, C]
     */
    public Tensor hiddenStates(Tensor ids, Tensor positions, AttentionMask mask, KvCache cache) {
        checkIds(ids);
        return model.forward(ids, positions, mask, cache == null ? null : cache::slot);
    }

    /**
     * Hidden states behind the last norm of the new tokens of several sequences, each of which sees its own; bit for
     * bit those that each sequence gets alone.
     *
     * @param ids [1, N] I32 or I64, the new tokens of one sequence after those of the other
     * @param batch their caches, to which keys and values are written
     * @return [1, N, C]
     */
    public Tensor hiddenStates(Tensor ids, KvBatch batch) {
        if (!ids.dtype().isInteger() || ids.rank() != 2 || ids.dim(0) != 1 || ids.dim(1) != batch.tokens()) {
            throw new ShapeException("decoder: ids must be [1, " + batch.tokens() + "] of I32 or I64, got "
                    + ids.spec());
        }
        return model.forward(ids, batch.positions(), mask(), batch::slot);
    }

    /** Logits of hidden states: [..., C] to [..., V]; -infinity for the mask id of a masked diffusion model. */
    public Tensor head(Tensor hidden) {
        Tensor logits = head.forward(hidden);
        double cap = config.logitCap();
        Tensor capped = cap == 0 ? logits : logits.mul(1 / cap).tanh().mul(cap);
        return unpredicted == null ? capped
                : capped.maskedFill(unpredicted.expand(capped.shape()), Double.NEGATIVE_INFINITY);
    }

    /**
     * Logits behind the last id only.
     *
     * @param ids [B, T]; with a cache, those that follow what the cache holds
     * @param cache or null
     * @return [B, V]
     * @throws TensorException if it is a masked diffusion model, which does not predict the next id
     */
    public Tensor nextLogits(Tensor ids, KvCache cache) {
        checkPredictsNext("generate", "use DiffusionGenerator");
        int start = cache == null ? 0 : cache.length();
        check(ids, start);
        Tensor positions = Tensor.arange(ids.dim(1), DType.I32, start, 1);
        Tensor hidden = model.forward(ids, positions, mask(), cache == null ? null : cache::slot);
        return lastLogits(hidden);
    }

    /**
     * Logits behind the last id only, at a position that is a tensor: what a {@link dev.ricci.tensor.Program} can capture.
     *
     * @param ids [B, T]
     * @param step of a cache that holds the ids before
     * @return [B, V], bit for bit those of {@link #nextLogits(Tensor, KvCache)}
     */
    public Tensor stepLogits(Tensor ids, KvStep step) {
        checkPredictsNext("generate", "use DiffusionGenerator");
        check(ids, 0);
        return lastLogits(model.forward(ids, step.positions(), mask(), step::slot));
    }

    private Tensor lastLogits(Tensor hidden) {
        return head(hidden.slice(1, hidden.dim(1) - 1, hidden.dim(1))).squeeze(1);
    }

    /** An empty cache that holds one context for each of {@code batch} sequences. */
    public KvCache newCache(int batch) {
        return newCache(batch, config.contextLength());
    }

    /** An empty cache that holds {@code capacity} tokens for each of {@code batch} sequences. */
    public KvCache newCache(int batch, int capacity) {
        return new KvCache(new KvCache.Config(config.layers(), batch, config.attention().kvHeads(), capacity,
                config.attention().headWidth(), model.tokens().weight().spec().dtype()));
    }

    private static void checkIds(Tensor ids) {
        if (!ids.dtype().isInteger()) {
            throw new DTypeException("decoder: ids must be I32 or I64, got " + ids.spec());
        }
        if (ids.rank() != 2 || ids.shape().isEmpty()) {
            throw new ShapeException("decoder: ids must be [B, T] with at least one id, got " + ids.shape());
        }
    }

    private void check(Tensor ids, int start) {
        checkIds(ids);
        if (start + ids.dim(1) > config.contextLength()) {
            throw new ShapeException("decoder: " + (start + ids.dim(1)) + " tokens exceed the context of "
                    + config.contextLength() + "; cut the text, or truncate the cache");
        }
    }
}
