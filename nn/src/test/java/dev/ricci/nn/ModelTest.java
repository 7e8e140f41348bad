package dev.ricci.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Layers put together. */
class ModelTest {
    private static final Rng RNG = Rng.of(7);

    @Test
    void aPerceptronFitsOneBatch() {
        Sequential model = new Sequential(new Linear(4, 32, RNG.split(0)), Tensor::tanh, new Linear(32, 3, RNG.split(1)));
        Tensor x = RNG.split("x").normal(12, 4);
        Tensor y = RNG.split("y").ints(3, 12);
        double first = Losses.crossEntropy(model.forward(x), y).item();
        assertTrue(first > 0.8, "first loss " + first);
        for (int step = 0; step < 300; step++) {
            Gradients g = Gradients.of(Losses.crossEntropy(model.forward(x), y));
            NoGrad.run(() -> model.trainableParameters().values()
                    .forEach(p -> p.assign(p.value().sub(g.get(p.variable()).mul(0.5)))));
        }
        double last = Losses.crossEntropy(model.forward(x), y).item();
        assertTrue(last < 0.05, "last loss " + last);
        assertEquals(1.0, model.forward(x).argmax(1).eq(y).all().item());
    }

    /** A transformer block with every kind of state that could be shared by mistake. */
    private static final class Block extends Layer {
        final RmsNorm norm = child("norm", new RmsNorm(16));
        final MultiHeadAttention attention = child("attn", new MultiHeadAttention(
                MultiHeadAttention.Config.of(16, 4).withKvHeads(2).withRotary(new RotaryEmbedding(4, 32)),
                RNG.split("attn")));
        final Dropout dropout = child("drop", new Dropout(0.3));
        final BatchNorm batch = child("batch", new BatchNorm(16));
        final FeedForward mlp = child("mlp", new FeedForward(FeedForward.Config.swiglu(16, 40), RNG.split("mlp")));

        Tensor forward(Tensor x, KvCache.Slot cache) {
            Tensor positions = Tensor.arange(x.dim(1)).add(cache.length());
            Tensor h = x.add(dropout.forward(
                    attention.forward(norm.forward(x), positions, AttentionMask.causal(), cache)));
            Tensor n = batch.forward(h.transpose(1, 2)).transpose(1, 2);
            return h.add(mlp.forward(n));
        }
    }

    @Test
    void eightThreadsGetTheSerialBits() throws Exception {
        Block block = new Block();
        List<Tensor> inputs = new ArrayList<>();
        List<Tensor> serial = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            inputs.add(RNG.split(i).normal(2, 6 + i % 5, 16));
            serial.add(evaluate(block, inputs.get(i)));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(9)) {
            // One more thread is in training at the same time.
            Block trained = new Block();
            Future<?> training = threads.submit(() -> Training.scope(RNG, () -> NoGrad.call(() -> {
                Tensor y = inputs.getFirst();
                for (int i = 0; i < 10; i++) {
                    y = trained.forward(y, cache());
                }
                return y;
            })));
            for (int round = 0; round < 3; round++) {
                List<Future<Tensor>> results = new ArrayList<>();
                for (Tensor x : inputs) {
                    results.add(threads.submit(() -> evaluate(block, x)));
                }
                for (int i = 0; i < results.size(); i++) {
                    Near.assertSameBits(serial.get(i), results.get(i).get());
                }
            }
            training.get();
        }
    }

    private static KvCache.Slot cache() {
        return new KvCache(new KvCache.Config(1, 2, 2, 16, 4)).slot(0);
    }

    /** In two pieces through a cache. */
    private static Tensor evaluate(Block block, Tensor x) {
        return NoGrad.call(() -> {
            KvCache.Slot cache = cache();
            return Tensor.cat(1, block.forward(x.slice(1, 0, 4), cache), block.forward(x.slice(1, 4, x.dim(1)), cache));
        });
    }
}
