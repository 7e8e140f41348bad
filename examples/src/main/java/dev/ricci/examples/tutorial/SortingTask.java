package dev.ricci.examples.tutorial;

import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.nn.data.Batch;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Tensor;
import java.util.Random;

/** Questions such as "315242>", whose answer is "122345": simple to check, and too many to learn them by heart. */
final class SortingTask {
    static final int LENGTH = 6;
    static final CharTokenizer TOKENIZER = CharTokenizer.of("0123456789>");

    private SortingTask() {
    }

    /** A random question, with its ">". */
    static String question(Random random) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            digits.append(random.nextInt(10));
        }
        return digits.append('>').toString();
    }

    /** The digits of a question in ascending order. */
    static String answer(String question) {
        int[] sorted = question.substring(0, LENGTH).chars().sorted().toArray();
        return new String(sorted, 0, LENGTH);
    }

    /**
     * So many questions with their answers, to learn from: ids I32 [B, 2 LENGTH], and for each position the id that
     * follows it. What follows within the question cannot be guessed, so it does not count.
     */
    static Batch batch(int size, Random random) {
        int positions = 2 * LENGTH;
        int[] inputs = new int[size * positions];
        int[] targets = new int[size * positions];
        for (int i = 0; i < size; i++) {
            String question = question(random);
            int[] ids = TOKENIZER.encode(question + answer(question));
            for (int t = 0; t < positions; t++) {
                inputs[i * positions + t] = ids[t];
                targets[i * positions + t] = t < LENGTH ? Functional.IGNORE_INDEX : ids[t + 1];
            }
        }
        return new Batch(Tensor.ofInts(inputs, size, positions), Tensor.ofInts(targets, size, positions));
    }
}
