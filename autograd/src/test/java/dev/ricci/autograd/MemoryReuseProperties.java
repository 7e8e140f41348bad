package dev.ricci.autograd;

import static dev.ricci.autograd.MemoryReuseTest.N;
import static dev.ricci.autograd.MemoryReuseTest.matrix;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Memory that is used again never shows in values. */
class MemoryReuseProperties {
    /** A program drawn by chance: each op reads what any earlier op made, now and then a view of it. */
    private static Tensor program(long seed, int ops, List<Tensor> leaves) {
        Random random = new Random(seed);
        List<Tensor> made = new ArrayList<>(leaves);
        for (int i = 0; i < ops; i++) {
            Tensor a = made.get(random.nextInt(made.size()));
            Tensor b = made.get(Math.max(0, made.size() - 1 - random.nextInt(3)));
            made.add(switch (random.nextInt(16)) {
                case 0 -> a.add(b);
                case 1 -> a.mul(b);
                case 2 -> a.sub(b);
                case 3 -> a.matmul(b).mul(0.2);
                case 4 -> a.transpose(0, 1).add(b);
                case 5 -> a.softmax(-1).mul(b);
                case 6 -> b.gelu();
                case 7 -> b.tanh().add(a);
                case 8 -> Functional.rmsNorm(b, a.slice(0, 3, 4).reshape(N), 1e-5);
                case 9 -> Functional.layerNorm(b, a.slice(0, 5, 6).reshape(N), a.mean(0), 1e-5);
                case 10 -> Tensor.cat(0, a.slice(0, 0, 20), b.slice(0, 20, N));
                case 11 -> b.reshape(N / 2, 2 * N).silu().reshape(N, N);
                case 12 -> a.maximum(b).add(a);
                case 13 -> Checkpointing.run(x -> x.square().mul(0.1).sigmoid(), b).mul(a);
                case 14 -> a.gt(b).where(a, b.neg());
                default -> b.sumKeepDims(1).add(a.mul(0.5));
            });
        }
        return made.getLast().square().mean().add(leaves.getFirst().mul(made.get(made.size() / 2)).mean());
    }

    @Property(tries = 150)
    void gradientsHaveTheSameBits(@ForAll long seed, @ForAll @IntRange(min = 1, max = 30) int ops) {
        List<Tensor> leaves = List.of(matrix(1).tracked(), matrix(2).tracked(), matrix(3).tracked(), matrix(4));
        Gradients plain = Gradients.of(program(seed, ops, leaves), Gradients.keepGraph());
        for (int pass = 0; pass < 3; pass++) { // the later ones find old values in their memory
            Tensor loss = program(seed, ops, leaves);
            Gradients g = Gradients.of(loss, Gradients.reuseMemory());
            for (int i = 0; i < 3; i++) {
                Tensor leaf = leaves.get(i);
                assertEquals(plain.find(leaf).isPresent(), g.find(leaf).isPresent());
                if (g.find(leaf).isPresent()) {
                    assertArrayEquals(plain.get(leaf).toFloatArray(), g.get(leaf).toFloatArray());
                }
            }
            assertEquals(program(seed, ops, leaves).item(), loss.item());
            g.release();
        }
    }
}
