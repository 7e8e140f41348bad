package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** Known answers of philox4x32-10 from the Random123 distribution: counter, key, result. */
    @Test
    void knownAnswers() {
        assertRounds(new int[] {0, 0, 0, 0}, 0,
                0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertRounds(new int[] {-1, -1, -1, -1}, -1,
                0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertRounds(new int[] {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822L,
                0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    private static void assertRounds(int[] counter, long key, int... expected) {
        Philox.rounds(counter, key);
        assertArrayEquals(expected, counter);
    }

    @Test
    void blocksCountInTheLowWords() {
        int[] words = new int[4];
        Philox.block(words, 5, 0x1_0000_0002L);
        int[] counter = {2, 1, 0, 0};
        Philox.rounds(counter, 5);
        assertArrayEquals(counter, words);
    }

    @Test
    void uniformsLieBelowOne() {
        assertEquals(0, Philox.uniform(0xFF));
        assertEquals(1 - 0x1p-24f, Philox.uniform(-1));
        assertEquals(1 - 0x1p-53, Philox.uniform(-1, -1));
        assertEquals(0x1p-53, Philox.uniform(0, 1 << 11));
        assertEquals(0.5, Philox.uniform(1 << 31, 0));
        assertEquals(6, Philox.bounded(-1, 7));
        assertEquals(0, Philox.bounded(0, 7));
        assertEquals(Integer.MAX_VALUE - 1, Philox.bounded(-1, Integer.MAX_VALUE));
    }

    @Test
    void drawsAreFunctionsOfKeyAndPlace() {
        Rng rng = Rng.of(42);
        long key = rng.key().toLongArray()[0];
        float[] u = rng.uniform(11).toFloatArray();
        double[] wide = rng.uniform(DType.F64, Shape.of(11)).toDoubleArray();
        double[] normal = rng.normal(DType.F64, Shape.of(11)).toDoubleArray();
        int[] whole = rng.ints(1000, 11).toIntArray();
        int[] w = new int[4];
        for (int i = 0; i < 11; i++) {
            Philox.block(w, key, i / 4);
            assertEquals(Philox.uniform(w[i % 4]), u[i]);
            assertEquals(Philox.bounded(w[i % 4], 1000), whole[i]);
            Philox.block(w, key, i / 2);
            assertEquals(i % 2 == 0 ? Philox.uniform(w[0], w[1]) : Philox.uniform(w[2], w[3]), wide[i]);
            assertEquals(Philox.normal(w, i), normal[i]);
        }
        assertArrayEquals(u, rng.uniform(11).toFloatArray());
    }

    @Test
    void normalsHaveTheMomentsOfTheirName() {
        Tensor x = Rng.of(7).normal(DType.F64, Shape.of(200_000));
        // Standard errors: 0.0022, 0.0032, 0.0055, 0.022.
        assertEquals(0, x.mean().item(), 0.01);
        assertEquals(1, x.square().mean().item(), 0.015);
        assertEquals(0, x.pow(3).mean().item(), 0.03);
        assertEquals(3, x.pow(4).mean().item(), 0.1);
    }

    @Test
    void childrenDiffer() {
        Rng rng = Rng.of(1);
        long key = rng.key().toLongArray()[0];
        Tensor salt = Tensor.ofLongs(new long[] {9}).reshape();
        assertEquals(Philox.split(key, 3, 0), rng.split(3).key().toLongArray()[0]);
        assertEquals(Philox.split(key, 1, 9), rng.split(salt).key().toLongArray()[0]);
        assertNotEquals(rng.split(3).key().toLongArray()[0], rng.split(4).key().toLongArray()[0]);
        assertNotEquals(rng.split("a").key().toLongArray()[0], rng.split("b").key().toLongArray()[0]);
    }

    @Test
    void dropoutKeepsWhatTheUniformDrawSays() {
        Rng rng = Rng.of(3);
        float[] u = rng.uniform(5000).toFloatArray();
        float[] y = Functional.dropout(Tensor.ones(5000), 0.25, rng).toFloatArray();
        int kept = 0;
        for (int i = 0; i < y.length; i++) {
            assertEquals(u[i] >= 0.25 ? (float) (1 / 0.75) : 0, y[i]);
            kept += y[i] != 0 ? 1 : 0;
        }
        assertTrue(Math.abs(kept - 3750) < 150, kept + " of 5000 kept"); // 5 standard errors
    }

    @Test
    void permutationHoldsEachOnce() {
        int[] p = Rng.of(5).permutation(100).toIntArray();
        assertArrayEquals(IntStream.range(0, 100).toArray(),
                Arrays.stream(p).sorted().toArray());
    }

    @Test
    void categoricalFollowsTheDistribution() {
        Tensor logits = Tensor.of(0, (float) Math.log(3)).expand(20_000, 2);
        double ones = Rng.of(11).categorical(logits).to(DType.F64).mean().item();
        assertEquals(0.75, ones, 0.016); // 5 standard errors
    }
}
