package dev.ricci.nn;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.DTypeException;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.op.StateUpdate;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of the tokens that a model has read, so that the next ones need not read them again: one
 * {@link Slot} a layer, each two preallocated tensors [B, G, capacity, D]. A cache belongs to one generation at a
 * time; threads that share a model have a cache each. No gradient flows through it.
 */
public final class KvCache {
    /**
     * Sizes of a cache.
     *
     * @param layers number of slots
     * @param batch B
     * @param kvHeads G
     * @param capacity most tokens
     * @param headDim D
     * @param dtype F32 or F64, that of the model
     */
    public record Config(int layers, int batch, int kvHeads, int capacity, int headDim, DType dtype) {
        /** Checks the sizes. */
        public Config {
            Check.positive("kv_cache", "layers", layers);
            Check.positive("kv_cache", "batch", batch);
            Check.positive("kv_cache", "kvHeads", kvHeads);
            Check.positive("kv_cache", "capacity", capacity);
            Check.positive("kv_cache", "headDim", headDim);
            if (!dtype.isComputable()) {
                throw new DTypeException("kv_cache: the type must be F32 or F64, got " + dtype);
            }
        }

        /** Of F32. */
        public Config(int layers, int batch, int kvHeads, int capacity, int headDim) {
            this(layers, batch, kvHeads, capacity, headDim, DType.F32);
        }
    }

    private static final StateUpdate.WriteSlice WRITE = new StateUpdate.WriteSlice(2);

    private final Slot[] slots;
    private Config config;
    private int batch;

    /** An empty cache. */
    public KvCache(Config config) {
        this.config = config;
        this.batch = config.batch;
        this.slots = new Slot[config.layers];
        Arrays.setAll(slots, Slot::new);
    }

    /** What one layer keeps. */
    public final class Slot implements KvSlot {
        private final int layer;
        private Variable k;
        private Variable v;
        private int length;

        private Slot(int layer) {
            this.layer = layer;
            allocate();
        }

        private void allocate() {
            // Expanded from one number: a variable copies what it starts from.
            Tensor zeros = Tensor.full(Shape.of(1, 1, 1, 1), config.dtype, 0)
                    .expand(batch, config.kvHeads, config.capacity, config.headDim);
            k = Variable.of("kv_cache." + layer + ".k", zeros, false);
            v = Variable.of("kv_cache." + layer + ".v", zeros, false);
        }

        /** Number of tokens kept. */
        public int length() {
            return length;
        }

        /** Number of tokens that fit. */
        public int capacity() {
            return config.capacity;
        }

        /** Adds tokens: keys and values [B, G, T, D]. */
        public void append(Tensor keys, Tensor values) {
            write(length, keys, values);
        }

        /**
         * Writes tokens over those from position {@code start} on, and beyond the end as far as they reach.
         *
         * @param start 0 .. length
         * @param keys [B, G, T, D]
         * @param values [B, G, T, D]
         * @throws TensorException if the cache is too small; nothing was written then
         */
        public void write(int start, Tensor keys, Tensor values) {
            check(keys, values);
            if (start < 0 || start > length) {
                throw new IndexOutOfRangeException("kv_cache: start " + start + " must lie in 0 .. " + length
                        + ", the number of tokens kept by layer " + layer);
            }
            checkRoom(start, keys.dim(2));
            writeAt(start, keys, values);
            length = Math.max(length, start + keys.dim(2));
        }

        void check(Tensor keys, Tensor values) {
            Shape expected = Shape.of(batch, config.kvHeads, keys.rank() == 4 ? keys.dim(2) : 1, config.headDim);
            if (!keys.shape().equals(expected) || !values.shape().equals(expected)) {
                throw new ShapeException("kv_cache: keys and values must be [" + batch + ", " + config.kvHeads + ", T, "
                        + config.headDim + "], got " + keys.shape() + " and " + values.shape());
            }
        }

        private void writeAt(int start, Tensor keys, Tensor values) {
            OpListener.tellHostNumber("a key-value cache", "make a KvStep of it, whose position is an input, or capture the"
                    + " model without a cache");
            write(Tensor.ofInts(new int[] {start}).reshape(), keys, values);
        }

        /** Writes checked tokens at a position that is a scalar; what is kept counts as before. */
        void write(Tensor at, Tensor keys, Tensor values) {
            Variable.update(WRITE, List.of(k), List.of(keys, at));
            Variable.update(WRITE, List.of(v), List.of(values, at));
        }

        /** The keys of the first {@code count} tokens, [B, G, count, D]: a live view. */
        public Tensor keys(int count) {
            return k.value().slice(2, 0, count);
        }

        /** The values of the first {@code count} tokens, [B, G, count, D]: a live view. */
        public Tensor values(int count) {
            return v.value().slice(2, 0, count);
        }

        private void grow() {
            Tensor keys = keys(length);
            Tensor values = values(length);
            allocate();
            if (length > 0) {
                writeAt(0, keys, values);
            }
        }

        private void select(Tensor rows) {
            Tensor keys = keys(length).indexSelect(0, rows);
            Tensor values = values(length).indexSelect(0, rows);
            if (!k.spec().shape().equals(Shape.of(batch, config.kvHeads, config.capacity, config.headDim))) {
                allocate();
            }
            writeAt(0, keys, values);
        }
    }

    /** What a layer keeps. */
    public Slot slot(int layer) {
        if (layer < 0 || layer >= slots.length) {
            throw new IndexOutOfRangeException("kv_cache: layer " + layer + " must lie in 0 .. " + (slots.length - 1));
        }
        return slots[layer];
    }

    /** Number of layers. */
    public int layers() {
        return slots.length;
    }

    /** Number of sequences. */
    public int batch() {
        return batch;
    }

    /** Number of tokens that fit. */
    public int capacity() {
        return config.capacity;
    }

    /** Number of tokens that all layers keep: the position of the next one. */
    public int length() {
        return Arrays.stream(slots).mapToInt(Slot::length).min().orElse(0);
    }

    /**
     * Checks before anything is computed that tokens will fit.
     *
     * @param start position of the first
     * @param tokens how many
     * @throws TensorException if they do not
     */
    public void checkRoom(int start, int tokens) {
        if (tokens > config.capacity - start) {
            throw new TensorException("kv_cache: no room for " + tokens + " tokens from position " + start
                    + " on; the capacity is " + config.capacity + ". Make a larger cache, or truncate it");
        }
    }

    /**
     * Counts tokens that a {@link KvStep} wrote behind those kept: a program cannot.
     *
     * @param tokens how many
     * @throws TensorException if they exceed the capacity
     */
    public void advance(int tokens) {
        Check.positive("kv_cache", "number of tokens to advance", tokens);
        int length = length();
        checkRoom(length, tokens);
        for (Slot slot : slots) {
            slot.length = length + tokens;
        }
    }

    /**
     * Forgets all tokens from position {@code length} on.
     *
     * @param length 0 .. {@link #length()}
     */
    public void truncate(int length) {
        if (length < 0 || length > length()) {
            throw new IndexOutOfRangeException("kv_cache: truncate to " + length + " must lie in 0 .. " + length());
        }
        for (Slot slot : slots) {
            slot.length = length;
        }
    }

    /**
     * Makes room for more tokens and keeps those that are there; layer by layer, so that little is held twice.
     *
     * @param capacity most tokens, not below the present one
     */
    public void grow(int capacity) {
        if (capacity < config.capacity) {
            throw new TensorException("kv_cache: cannot grow from " + config.capacity + " tokens to " + capacity);
        }
        config = new Config(config.layers, config.batch, config.kvHeads, capacity, config.headDim, config.dtype);
        for (Slot slot : slots) {
            slot.grow();
        }
    }

    /**
     * Takes over the first tokens of another cache of the same sizes, in place of all that this one holds.
     *
     * @param other its capacity alone may differ
     * @param length 0 .. other.length(), at most the capacity
     */
    public void copyFrom(KvCache other, int length) {
        if (slots.length != other.slots.length || length < 0 || length > other.length()) {
            throw new TensorException("kv_cache: cannot copy " + length + " tokens of " + slots.length
                    + " layers from a cache that holds " + other.length() + " of " + other.slots.length);
        }
        truncate(0);
        for (int i = 0; i < slots.length && length > 0; i++) {
            slots[i].write(0, other.slots[i].keys(length), other.slots[i].values(length));
        }
    }

    /**
     * Keeps these sequences, in this order; one may be kept several times (beam search, shared prompts) or not at all.
     *
     * @param rows each 0 .. batch-1
     */
    public void select(int... rows) {
        Check.positive("kv_cache", "number of rows to select", rows.length);
        for (int row : rows) {
            if (row < 0 || row >= batch) {
                throw new IndexOutOfRangeException("kv_cache: select " + Arrays.toString(rows) + " must lie in 0 .. "
                        + (batch - 1));
            }
        }
        batch = rows.length;
        Tensor ids = Tensor.ofInts(rows, rows.length);
        NoGrad.run(() -> {
            for (Slot slot : slots) {
                slot.select(ids);
            }
        });
    }

    /** Bytes allocated. */
    public long bytes() {
        return 2L * config.dtype.blockBytes() * slots.length * batch * config.kvHeads * config.capacity * config.headDim;
    }
}
