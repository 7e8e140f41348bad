package dev.ricci.tensor;

import dev.ricci.tensor.op.Random;

/**
 * An explicit source of randomness: a key, an I64 scalar tensor. Immutable: the same {@code Rng} gives the same draw
 * each time, and independent draws come from its children, {@link #split(long)}. There is no global seed. Being a
 * tensor, the key can be an input of a captured program.
 */
public final class Rng {
    private final Tensor key;

    private Rng(Tensor key) {
        this.key = key;
    }

    /** The source of a seed. */
    public static Rng of(long seed) {
        return new Rng(Tensor.ofLongs(new long[] {Philox.split(seed, 0, 0)}).reshape());
    }

    /**
     * A source with a key of its own, such as one restored from a checkpoint.
     *
     * @param key I64 scalar
     */
    public static Rng ofKey(Tensor key) {
        if (!key.spec().equals(new TensorSpec(DType.I64, Shape.scalar()))) {
            throw new DTypeException("Rng.ofKey: the key must be an I64 scalar, got " + key.spec());
        }
        return new Rng(key);
    }

    /** The key, an I64 scalar. */
    public Tensor key() {
        return key;
    }

    /** The child of a number. */
    public Rng split(long stream) {
        return new Rng(Dispatch.run(new Random.SplitKey(stream), key));
    }

    /** The child of a name. */
    public Rng split(String stream) {
        long h = 0xcbf29ce484222325L; // FNV-1a over the UTF-16 units: equal on every platform
        for (int i = 0; i < stream.length(); i++) {
            h = (h ^ stream.charAt(i)) * 0x100000001b3L;
        }
        return split(h);
    }

    /**
     * The child of a number that is known only when the op runs, such as a step counter.
     *
     * @param salt I64 scalar
     */
    public Rng split(Tensor salt) {
        return new Rng(Dispatch.run(new Random.SplitKey(1), key, salt));
    }

    /** F32 uniform in [0, 1). */
    public Tensor uniform(int... shape) {
        return uniform(DType.F32, Shape.of(shape));
    }

    /** F32 or F64 uniform in [0, 1). */
    public Tensor uniform(DType dtype, Shape shape) {
        return Dispatch.run(new Random.Uniform(shape, dtype), key);
    }

    /** F32 standard normal. */
    public Tensor normal(int... shape) {
        return normal(DType.F32, Shape.of(shape));
    }

    /** F32 or F64 standard normal. */
    public Tensor normal(DType dtype, Shape shape) {
        return Dispatch.run(new Random.Normal(shape, dtype), key);
    }

    /** I32 uniform in 0 .. bound-1. */
    public Tensor ints(int bound, int... shape) {
        return Dispatch.run(new Random.RandomInt(Shape.of(shape), bound), key);
    }

    /** F32 or F64 standard Gumbel, -log(-log(u)), computed in F64 because F32 loses the tail. */
    public Tensor gumbel(DType dtype, Shape shape) {
        return uniform(DType.F64, shape).maximum(0x1p-54).log().neg().log().neg().to(dtype);
    }

    /** One draw per row from the distributions softmax(logits) over the last axis, as I32, by the Gumbel-max trick. */
    public Tensor categorical(Tensor logits) {
        return logits.detach().to(DType.F64).add(gumbel(DType.F64, logits.shape())).argmax(-1);
    }

    /** A permutation of 0 .. n-1 as I32 [n]. */
    public Tensor permutation(int n) {
        return uniform(DType.F64, Shape.of(n)).argsort(0, false);
    }
}
