package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class EinsumTest {
    private static final String LETTERS = "abcd";

    @Property(tries = 500)
    void equalsTheSumOverAllIndices(@ForAll long seed) {
        Random random = new Random(seed);
        int[] sizes = new int[LETTERS.length()];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(3);
        }
        String[] terms = new String[1 + random.nextInt(3)];
        Tensor[] operands = new Tensor[terms.length];
        StringBuilder used = new StringBuilder();
        for (int i = 0; i < terms.length; i++) {
            StringBuilder term = new StringBuilder();
            for (int a = random.nextInt(4); a > 0; a--) {
                term.append(LETTERS.charAt(random.nextInt(sizes.length)));
            }
            terms[i] = term.toString();
            used.append(term);
            int[] dims = term.chars().map(c -> sizes[LETTERS.indexOf(c)]).toArray();
            operands[i] = Rng.of(seed).split(i).normal(DType.F64, Shape.of(dims));
        }
        StringBuilder result = new StringBuilder();
        for (char c : LETTERS.toCharArray()) {
            if (used.indexOf(String.valueOf(c)) >= 0 && random.nextBoolean()) {
                result.insert(random.nextInt(result.length() + 1), c);
            }
        }
        String equation = String.join(",", terms) + "->" + result;
        Tensor actual = Tensor.einsum(equation, operands);
        assertArrayEquals(bruteForce(terms, result.toString(), operands, used.toString(), sizes),
                actual.toDoubleArray(), 1e-12, equation);
        assertEquals(result.length(), actual.rank());
    }

    /** One loop over all values of all letters that occur. */
    private static double[] bruteForce(String[] terms, String result, Tensor[] operands, String used, int[] sizes) {
        int size = 1;
        for (char c : result.toCharArray()) {
            size *= sizes[LETTERS.indexOf(c)];
        }
        double[] out = new double[size];
        int[] at = new int[sizes.length];
        int all = 1;
        for (int i = 0; i < sizes.length; i++) {
            all *= used.indexOf(LETTERS.charAt(i)) >= 0 ? sizes[i] : 1;
        }
        for (int n = 0; n < all; n++) {
            int rest = n;
            for (int i = 0; i < sizes.length; i++) {
                if (used.indexOf(LETTERS.charAt(i)) >= 0) {
                    at[i] = rest % sizes[i];
                    rest /= sizes[i];
                }
            }
            double product = 1;
            for (int i = 0; i < terms.length; i++) {
                product *= operands[i].get(terms[i].chars().map(c -> at[LETTERS.indexOf(c)]).toArray());
            }
            int place = 0;
            for (char c : result.toCharArray()) {
                place = place * sizes[LETTERS.indexOf(c)] + at[LETTERS.indexOf(c)];
            }
            out[place] += product;
        }
        return out;
    }

    @Test
    void withoutArrowTheLettersThatOccurOnceRemainInOrder() {
        Tensor a = Rng.of(1).normal(DType.F64, Shape.of(2, 3));
        Tensor b = Rng.of(2).normal(DType.F64, Shape.of(3, 4));
        assertArrayEquals(a.matmul(b).transpose(0, 1).toDoubleArray(),
                Tensor.einsum("zk, kc", a, b).toDoubleArray(), 1e-14);
    }

    @Test
    void refusals() {
        Tensor a = Tensor.zeros(2, 3);
        assertMessage("names 2 operands, got 1", "ij,jk->ik", a);
        assertMessage("names 3 axes, the operand has shape [2, 3]", "ijk->i", a);
        assertMessage("axis 'i' has sizes 2 and 3", "ii->i", a);
        assertMessage("'1' is not a letter", "1j->j", a);
        assertMessage("'.' is not a letter", "...j->...j", a);
        assertMessage("must occur in an operand", "ij->k", a);
        assertMessage("once in the result", "ij->ii", a);
    }

    private static void assertMessage(String part, String equation, Tensor... operands) {
        ShapeException e = assertThrows(ShapeException.class, () -> Tensor.einsum(equation, operands));
        assertTrue(e.getMessage().startsWith("einsum: ") && e.getMessage().contains(part), e.getMessage());
    }
}
