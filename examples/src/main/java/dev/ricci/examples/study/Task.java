package dev.ricci.examples.study;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionData;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.InMemory;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Function;

/**
 * Something to be learned whose answers can be checked. Prompts and answers are whole multiples of the largest block, so that
 * blocks of every size divide them and no token is filling: an end that is easily guessed would count as speed.
 */
enum Task {
    /** 16 letters again. Each depends on the prompt alone: friendly to parallel decoding. */
    COPY("copy", 16, 16, 26) {
        @Override
        int[] draw(Random random) {
            int[] prompt = random.ints(promptLength(), 0, symbols()).toArray();
            return join(prompt, prompt);
        }

        @Override
        double quality(int[] ids) {
            return Arrays.equals(prompt(ids), answer(ids)) ? 1 : 0;
        }
    },
    /**
     * Four sums of two numbers of three digits, each a line of the prompt, in four digits each, the lowest first; carries
     * couple the digits of a sum. Its quality is how many of the four are right.
     */
    SUMS("sums", 32, 16, 10) {
        @Override
        int[] draw(Random random) {
            int[] ids = new int[length()];
            for (int i = 0; i < answerLength(); i += DIGITS) {
                int a = random.nextInt(1000);
                int b = random.nextInt(1000);
                digits(a, ids, i);
                digits(b, ids, answerLength() + i);
                digits(a + b, ids, promptLength() + i);
            }
            return ids;
        }

        @Override
        double quality(int[] ids) {
            int right = 0;
            for (int i = 0; i < answerLength(); i += DIGITS) {
                int[] sum = new int[DIGITS];
                digits(number(ids, i) + number(ids, answerLength() + i), sum, 0);
                int from = promptLength() + i;
                right += Arrays.equals(sum, Arrays.copyOfRange(ids, from, from + DIGITS)) ? 1 : 0;
            }
            return right / (double) (answerLength() / DIGITS);
        }
    },
    /** 16 digits in order. */
    SORT("sort", 16, 16, 10) {
        @Override
        int[] draw(Random random) {
            int[] prompt = random.ints(promptLength(), 0, symbols()).toArray();
            return join(prompt, Arrays.stream(prompt).sorted().toArray());
        }

        @Override
        double quality(int[] ids) {
            return Arrays.equals(Arrays.stream(prompt(ids)).sorted().toArray(), answer(ids)) ? 1 : 0;
        }
    },
    /** A text of a Markov chain: each of 16 letters has four that may follow. Its quality is how many steps are such. */
    TEXT("text", 16, 16, 16) {
        @Override
        int[] draw(Random random) {
            int[] ids = new int[length()];
            ids[0] = random.nextInt(symbols());
            for (int i = 1; i < ids.length; i++) {
                double u = random.nextDouble();
                ids[i] = FOLLOWERS[ids[i - 1]][u < 0.4 ? 0 : u < 0.7 ? 1 : u < 0.9 ? 2 : 3];
            }
            return ids;
        }

        @Override
        double quality(int[] ids) {
            int right = 0;
            for (int i = promptLength(); i < length(); i++) {
                int id = ids[i];
                // An untrained model from left to right may write the mask.
                right += ids[i - 1] < symbols() && Arrays.stream(FOLLOWERS[ids[i - 1]]).anyMatch(f -> f == id) ? 1 : 0;
            }
            return right / (double) answerLength();
        }
    };

    private static final int DIGITS = 4;
    private static final int[][] FOLLOWERS = followers();

    private final String text;
    private final int promptLength;
    private final int answerLength;
    private final int symbols;

    Task(String text, int promptLength, int answerLength, int symbols) {
        this.text = text;
        this.promptLength = promptLength;
        this.answerLength = answerLength;
        this.symbols = symbols;
    }

    private static int[][] followers() {
        Random random = new Random(7);
        int[][] all = new int[16][];
        Arrays.setAll(all, i -> random.ints(0, 16).distinct().limit(4).toArray());
        return all;
    }

    private static void digits(int number, int[] into, int at) {
        for (int i = at; i < at + DIGITS; i++) {
            into[i] = number % 10;
            number /= 10;
        }
    }

    private static int number(int[] ids, int at) {
        int number = 0;
        for (int i = at + DIGITS - 1; i >= at; i--) {
            number = 10 * number + ids[i];
        }
        return number;
    }

    private static int[] join(int[] prompt, int[] answer) {
        int[] ids = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, ids, prompt.length, answer.length);
        return ids;
    }

    /** Its name in reports. */
    String text() {
        return text;
    }

    int promptLength() {
        return promptLength;
    }

    int answerLength() {
        return answerLength;
    }

    int length() {
        return promptLength + answerLength;
    }

    /** Ids of its vocabulary, without the mask. */
    int symbols() {
        return symbols;
    }

    /** What is learned, in a sentence. */
    String meaning() {
        return switch (this) {
            case COPY -> "Letters are repeated; quality: how many answers are right.";
            case SUMS -> "Four sums of numbers of three digits, lowest digit first; quality: how many sums are right.";
            case SORT -> "Digits are sorted; quality: how many answers are right.";
            case TEXT -> "A Markov chain, drawn at temperature 1; quality: how many of its steps are possible.";
        };
    }

    /** Whether ids are drawn: there is more than one right answer. */
    boolean isDrawn() {
        return this == TEXT;
    }

    int[] prompt(int[] ids) {
        return Arrays.copyOf(ids, promptLength);
    }

    int[] answer(int[] ids) {
        return Arrays.copyOfRange(ids, promptLength, length());
    }

    /** A prompt and a right answer, [length]. */
    abstract int[] draw(Random random);

    /** How good an answer is, 0 .. 1: right or not, for a text the part of it that is possible. */
    abstract double quality(int[] ids);

    /** Examples to learn the answers from. */
    Dataset examples(Kind kind, int count, long seed) {
        Random random = new Random(seed);
        List<EncodedExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] ids = draw(random);
            examples.add(EncodedExample.of(prompt(ids), answer(ids)));
        }
        // All are equally long: nothing is filled up.
        return kind.isCausal() ? InMemory.of(rows(examples, EncodedExample::inputs), rows(examples, EncodedExample::targets))
            : DiffusionData.examples(examples, new DecoderConfig.Diffusion(symbols, Math.max(0, kind.block())),
                OptionalInt.empty());
    }

    private static Tensor rows(List<EncodedExample> examples, Function<EncodedExample, int[]> what) {
        return Tensor.ofInts(examples.stream().map(what).flatMapToInt(Arrays::stream).toArray(), examples.size(),
            what.apply(examples.getFirst()).length);
    }
}
