package dev.ricci.models.diffusion;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.AttentionMask;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;

/**
 * What a masked diffusion model learns: ids are hidden with probability p and predicted from those that are not, and each
 * prediction counts 1 / p, which makes the mean an upper bound on -log p(text) a token (Nie et al. 2025, eq. 3; Arriola et
 * al. 2025, eq. 8). The model's own configuration says whether p belongs to a whole sequence or to a block of it.
 *
 * <p>Values of p are spread evenly over all blocks of a batch, each uniform by itself (Kingma et al. 2021, appendix I.1).
 * Nothing is read on the host, so that a training can be captured.
 *
 * @param model with {@link DecoderConfig#diffusion()}
 * @param noise how much is hidden
 */
public record MaskedDiffusion(Decoder model, Noise noise) {
    /** Checks that the model is one of masked diffusion. */
    public MaskedDiffusion {
        configOf(model, "masked diffusion");
    }

    /**
     * How the model was made to predict masked ids.
     *
     * @param what names the operation in errors
     * @throws TensorException if it is a model of another kind
     */
    static DecoderConfig.Diffusion configOf(Decoder model, String what) {
        return model.config().diffusion().orElseThrow(() -> new TensorException(what + ": needs a masked diffusion model,"
                + " got one that " + (model.config().attention().causal() ? "predicts the next id from left to right"
                        : "says no mask id") + "; train one with --objective llada or bd3"));
    }

    /**
     * What became of a batch.
     *
     * @param ids [B, L], some of them hidden
     * @param masked [B, L] BOOL, which
     * @param weights [B, L] F32, of their losses: 1 / p, over the number of ids of the row that may be hidden, over B
     */
    record Noisy(Tensor ids, Tensor masked, Tensor weights) {
    }

    /**
     * The loss of a batch inside {@link Training#scope}, whose randomness it uses.
     *
     * @param batch inputs [B, L] and targets [B, L]: the ids that may be hidden; where a target is
     *     {@link Functional#IGNORE_INDEX} the input is given and stays (a prompt), as the mask id itself does
     * @return a scalar: the mean over the batch of the weighted losses of a row over its number of ids that may be hidden;
     *     0 if none is hidden
     */
    public Tensor loss(Batch batch) {
        return loss(batch, Training.nextRng());
    }

    /** The same with randomness of its own. */
    public Tensor loss(Batch batch, Rng rng) {
        Noisy noisy = hide(batch, rng);
        Tensor hidden = hiddenStates(model, noisy.ids, batch.inputs());
        Tensor weights = noisy.weights.to(hidden.dtype());
        Tensor targets = noisy.masked.where(batch.inputs(), Tensor.full(Shape.scalar(), batch.inputs().dtype(),
                Functional.IGNORE_INDEX));
        return model.headLoss(hidden, targets, weights).mul(weights.sum());
    }

    /** Hides ids. */
    Noisy hide(Batch batch, Rng rng) {
        Tensor ids = batch.inputs();
        DecoderConfig.Diffusion config = configOf(model, "masked diffusion");
        checkShape(ids, config.block());
        if (batch.targets() == null || !batch.targets().shape().equals(ids.shape())) {
            throw new ShapeException("masked diffusion: targets must say for each input whether it may be hidden, [B, L] like"
                    + " the inputs " + ids.shape() + ", got " + (batch.targets() == null ? "none"
                            : batch.targets().shape()));
        }
        int rows = ids.dim(0);
        int length = ids.dim(1);
        int blocks = config.block() == 0 ? 1 : length / config.block();
        Tensor even = Tensor.arange(rows * blocks, DType.F32, 0, 1).div(rows * blocks);
        Tensor t = even.add(rng.split("t").uniform()).mod(1);
        Tensor p = noise.probabilities(t).reshape(rows, blocks, 1)
                .expand(rows, blocks, length / blocks).reshape(rows, length);
        Tensor free = batch.targets().ne(Functional.IGNORE_INDEX).logicalAnd(ids.ne(config.maskId()));
        Tensor masked = rng.split("mask").uniform(rows, length).lt(p).logicalAnd(free);
        Tensor counts = free.to(DType.F32).sumKeepDims(1).maximum(1).mul(rows);
        Tensor weights = masked.to(DType.F32).div(p).div(counts);
        return new Noisy(masked.where(Tensor.full(Shape.scalar(), ids.dtype(), config.maskId()), ids), masked, weights);
    }

    private static void checkShape(Tensor ids, int block) {
        if (ids.rank() != 2 || !ids.dtype().isInteger() || ids.shape().isEmpty()) {
            throw new ShapeException("masked diffusion: ids must be [B, L] of I32 or I64, got " + ids.spec());
        }
        if (block > 0 && ids.dim(1) % block != 0) {
            throw new ShapeException("masked diffusion: a sequence of " + ids.dim(1) + " tokens is no whole number of blocks"
                    + " of " + block);
        }
    }

    /**
     * Hidden states of noisy ids. A model with blocks reads noisy and clean ids in one pass, of which the noisy half is
     * returned (see {@link AttentionMask.BlockDiffusion}); both halves stand at the same positions.
     *
     * @param noisy [B, L]
     * @param clean [B, L]
     * @return [B, L, C]
     */
    static Tensor hiddenStates(Decoder model, Tensor noisy, Tensor clean) {
        int block = configOf(model, "masked diffusion").block();
        int length = noisy.dim(1);
        checkShape(noisy, block);
        if (length > model.config().contextLength()) {
            throw new ShapeException("masked diffusion: " + length + " tokens exceed the context of "
                    + model.config().contextLength());
        }
        Tensor positions = Tensor.arange(length);
        if (block == 0) {
            return model.hiddenStates(noisy, positions, AttentionMask.full(), null);
        }
        // Made once for all layers.
        Tensor mask = AttentionMask.blockDiffusion(block).tensor(2 * length, 2 * length);
        return model.hiddenStates(Tensor.cat(1, noisy, clean), Tensor.cat(0, positions, positions),
                AttentionMask.custom(mask), null).slice(1, 0, length);
    }
}
