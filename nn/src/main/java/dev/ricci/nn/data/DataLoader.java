package dev.ricci.nn.data;

import dev.ricci.tensor.OpListener;
import dev.ricci.tensor.Philox;
import dev.ricci.tensor.TensorException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * An endless row of batches, epoch after epoch, made ahead on a virtual thread. Which examples a batch has is a
 * function of the options, the epoch and the batch's number alone: equal for any timing, and after {@link #seek}. One
 * thread may take batches.
 */
public final class DataLoader implements AutoCloseable {
    /**
     * How to make batches.
     *
     * @param batchSize examples in a batch
     * @param order of the examples
     * @param seed of the order
     * @param dropLast leave out the incomplete batch at the end of an epoch
     * @param prefetch how many batches to make ahead, 0 to make each when it is asked for
     */
    public record Options(int batchSize, Order order, long seed, boolean dropLast, int prefetch) {
        /** Checks the numbers. */
        public Options {
            if (batchSize < 1) {
                throw new TensorException("data loader: the batch size must be 1 or more, got " + batchSize);
            }
            if (prefetch < 0 || prefetch > 1024) {
                throw new TensorException("data loader: prefetch must lie in 0 .. 1024, got " + prefetch);
            }
        }

        /** Shuffled batches, the incomplete one left out, two made ahead. */
        public static Options shuffled(int batchSize, long seed) {
            return new Options(batchSize, Order.SHUFFLED, seed, true, 2);
        }

        /** Drawn batches, two made ahead. */
        public static Options drawn(int batchSize, long seed) {
            return new Options(batchSize, Order.DRAWN, seed, true, 2);
        }

        /** All examples in order, the incomplete batch too: for evaluation. */
        public static Options sequential(int batchSize) {
            return new Options(batchSize, Order.SEQUENTIAL, 0, false, 0);
        }

        /** With another number of batches made ahead. */
        public Options withPrefetch(int batches) {
            return new Options(batchSize, order, seed, dropLast, batches);
        }

        /** With the incomplete batch at the end of an epoch or without. */
        public Options withDropLast(boolean drop) {
            return new Options(batchSize, order, seed, drop, prefetch);
        }
    }

    /**
     * Where a loader is; what a checkpoint keeps.
     *
     * @param epoch of the next batch, from 0
     * @param batch number of the next batch in its epoch, from 0
     * @param key of the order
     */
    public record State(long epoch, long batch, long key) {
    }

    /** What the thread that makes batches hands over: a batch or a failure. */
    private record Made(Batch batch, Throwable failure) {
    }

    private final Dataset data;
    private final Options options;
    private long key;
    private long epoch;
    private long batch;
    private long permutedEpoch = -1;
    private int[] permutation;
    private BlockingQueue<Made> queue;
    private Thread maker;

    private DataLoader(Dataset data, Options options) {
        this.data = data;
        this.options = options;
        this.key = Philox.split(options.seed, 0, 0);
        if (data.size() < 1) {
            throw new TensorException("data loader: the data set is empty");
        }
        if (batchesPerEpoch() == 0) {
            throw new TensorException("data loader: " + data.size() + " examples do not fill one batch of "
                    + options.batchSize + "; use a smaller batch or dropLast = false");
        }
    }

    /** Over this data, at its beginning. */
    public static DataLoader of(Dataset data, Options options) {
        return new DataLoader(data, options);
    }

    /** Number of batches in an epoch. */
    public long batchesPerEpoch() {
        long size = data.size();
        return options.dropLast ? size / options.batchSize : (size + options.batchSize - 1) / options.batchSize;
    }

    /** The data. */
    public Dataset data() {
        return data;
    }

    /** The next batch; after the last one of an epoch comes the first one of the next. */
    public Batch next() {
        OpListener.tellHostNumber("DataLoader.next()", "make the batch's tensors inputs of the program");
        Batch made = options.prefetch == 0 ? make(epoch, batch) : take();
        if (++batch == batchesPerEpoch()) {
            batch = 0;
            epoch++;
        }
        return made;
    }

    /** Where it is. */
    public State state() {
        return new State(epoch, batch, key);
    }

    /**
     * Goes on from a saved position, in the saved order.
     *
     * @throws TensorException if this data has no such position
     */
    public void seek(State to) {
        if (to.epoch < 0 || to.batch < 0 || to.batch >= batchesPerEpoch()) {
            throw new TensorException("data loader: there is no batch " + to.batch + " of epoch " + to.epoch
                    + "; an epoch of this data has " + batchesPerEpoch() + " batches of " + options.batchSize
                    + ". Is this the data and the batch size that the position was saved with?");
        }
        close();
        key = to.key;
        epoch = to.epoch;
        batch = to.batch;
        permutedEpoch = -1;
    }

    /** Stops making batches ahead; {@link #next} starts it again. */
    @Override
    public void close() {
        if (maker != null) {
            maker.interrupt();
            boolean interrupted = false;
            while (true) {
                try {
                    maker.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            maker = null;
            queue = null;
        }
    }

    /** A batch of its own making; called by one thread at a time. */
    private Batch make(long ofEpoch, long number) {
        long epochKey = Philox.split(key, ofEpoch, 1);
        if (permutedEpoch != ofEpoch) {
            permutation = options.order.permutation(epochKey, data.size());
            permutedEpoch = ofEpoch;
        }
        long from = number * options.batchSize;
        int[] indices = new int[(int) Math.min(options.batchSize, data.size() - from)];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = permutation == null ? Order.draw(epochKey, from + i, data.size())
                    : permutation[(int) from + i];
        }
        return data.batch(indices);
    }

    private Batch take() {
        if (maker == null) {
            queue = new ArrayBlockingQueue<>(options.prefetch);
            BlockingQueue<Made> into = queue;
            long fromEpoch = epoch;
            long fromBatch = batch;
            maker = Thread.ofVirtual().name("ricci-data").start(() -> makeAhead(into, fromEpoch, fromBatch));
        }
        Made made;
        try {
            made = queue.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TensorException("data loader: interrupted while waiting for a batch", e);
        }
        if (made.failure != null) {
            close();
            throw made.failure instanceof TensorException t ? t
                    : new TensorException("data loader: the data failed: " + made.failure, made.failure);
        }
        return made.batch;
    }

    private void makeAhead(BlockingQueue<Made> into, long fromEpoch, long fromBatch) {
        long e = fromEpoch;
        long b = fromBatch;
        try {
            while (true) {
                Made made;
                try {
                    made = new Made(make(e, b), null);
                } catch (RuntimeException | Error failure) {
                    made = new Made(null, failure);
                }
                into.put(made);
                if (made.failure != null) {
                    return;
                }
                if (++b == batchesPerEpoch()) {
                    b = 0;
                    e++;
                }
            }
        } catch (InterruptedException closed) {
            return; // close() wants no more batches
        }
    }
}
