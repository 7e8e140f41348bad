package dev.ricci.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import org.junit.jupiter.api.Test;

class TrainingTest {
    private static final Rng RNG = Rng.of(3);

    @Test
    void isAScope() {
        assertFalse(Training.isActive());
        assertThrows(TensorException.class, Training::nextRng);
        assertThrows(TensorException.class, () -> Training.scope(null, () -> 1));
        boolean[] seen = Training.scope(RNG, () -> new boolean[] {Training.isActive(),
            Training.evaluate(Training::isActive), Training.isActive()});
        assertTrue(seen[0]);
        assertFalse(seen[1]);
        assertTrue(seen[2]);
        Training.scope(RNG, () -> assertThrows(TensorException.class, () -> Training.evaluate(Training::nextRng)));
        assertFalse(Training.isActive());
    }

    @Test
    void drawsAreNumbered() {
        long[] keys = Training.scope(RNG, () -> new long[] {key(), key(), key()});
        for (int i = 0; i < 3; i++) {
            assertEquals(RNG.split(i).key().toLongArray()[0], keys[i]);
        }
        assertNotEquals(keys[0], keys[1]);
        Dropout dropout = new Dropout(0.5);
        Tensor x = Tensor.ones(64);
        Tensor two = Training.scope(RNG, () -> Tensor.cat(0, dropout.forward(x), dropout.forward(x)));
        Near.assertSameBits(two, Training.scope(RNG, () -> Tensor.cat(0, dropout.forward(x), dropout.forward(x))));
        assertEquals(0.0, two.slice(0, 0, 64).eq(two.slice(0, 64, 128)).all().item());
    }

    private static long key() {
        return Training.nextRng().key().toLongArray()[0];
    }

    @Test
    void checkpointingRepeatsDropout() {
        Sequential block = new Sequential(new Linear(6, 8, RNG.split(1)), Tensor::tanh, new Dropout(0.5),
                new Linear(8, 6, RNG.split(2)), new Dropout(0.5));
        Parameter weight = block.parameters().get("0.weight");
        Tensor x = RNG.normal(5, 6).tracked();
        Tensor[] plain = Training.scope(RNG, () -> {
            Rng segment = Training.nextRng();
            Tensor y = Training.scope(segment, () -> block.forward(x));
            Gradients g = Gradients.of(y.square().sum());
            return new Tensor[] {y.detach(), g.get(x), g.get(weight.variable())};
        });
        Tensor y = Training.scope(RNG, () -> Training.checkpoint(block::forward, x));
        Near.assertSameBits(plain[0], y);
        // The backward pass runs outside of the scope.
        Gradients g = Gradients.of(y.square().sum());
        Near.assertSameBits(plain[1], g.get(x));
        Near.assertSameBits(plain[2], g.get(weight.variable()));
    }

    @Test
    void checkpointingInEvaluationStaysEvaluation() {
        Sequential block = new Sequential(new Linear(3, 4, RNG), new Dropout(0.5), Tensor::tanh);
        Tensor x = RNG.normal(2, 3).tracked();
        Tensor expected = Gradients.of(block.forward(x).square().sum()).get(x);
        Tensor y = Training.checkpoint(block::forward, x);
        Tensor actual = Training.scope(RNG, () -> Gradients.of(y.square().sum()).get(x));
        Near.assertSameBits(expected, actual);
    }

    @Test
    void checkpointingRefusesWhatChangesState() {
        BatchNorm norm = new BatchNorm(3);
        Tensor x = RNG.normal(4, 3).tracked();
        assertThrows(TensorException.class, () -> Training.scope(RNG, () -> Training.checkpoint(norm::forward, x)));
    }
}
