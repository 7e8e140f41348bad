package dev.ricci.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/**
 * A source of choices for generators that are plain code. Each choice is a number from 0 up; the numbers are noted, and
 * a failing example shrinks by making them fewer and smaller (the idea is MacIver and Donaldson's, ECOOP 2020). So a
 * generator is one function from a {@code Draw} to a value, every sequence of choices must give a valid value, and the
 * choice 0 should be the simplest one. Not thread-safe.
 */
public final class Draw {
    private static final int FRACTIONS = 1 << 20;

    private final Random random;
    private final int[] given;
    private final boolean noting;
    private int[] made = new int[32];
    private int count;

    private Draw(Random random, int[] given, boolean noting) {
        this.random = random;
        this.given = given;
        this.noting = noting;
    }

    /** Fresh choices, noted. */
    static Draw random(Random random) {
        return new Draw(random, new int[0], true);
    }

    /** These choices, then zeros. */
    static Draw replay(int[] choices) {
        return new Draw(null, choices, true);
    }

    /** Choices that follow from a seed and are not noted: for values too many to shrink one by one. */
    public static Draw seeded(long seed) {
        return new Draw(new Random(seed), new int[0], false);
    }

    /** An arbitrary, for jqwik, of what a function builds from choices. It shrinks; it has no exhaustive mode. */
    public static <T> Arbitrary<T> arbitrary(Function<Draw, T> builder) {
        return Arbitraries.fromGenerator(random -> DrawnShrinkable.generate(builder, random));
    }

    /** One of 0 .. bound-1, uniform; shrinks towards 0. */
    public int below(int bound) {
        int choice = count < given.length ? Math.min(given[count], bound - 1) : random == null ? 0
                : random.nextInt(bound);
        if (noting) {
            if (count == made.length) {
                made = Arrays.copyOf(made, 2 * count);
            }
            made[count++] = choice;
        }
        return choice;
    }

    /** One of from .. to, both included, uniform; shrinks towards from. */
    public int between(int from, int to) {
        return from + below(to - from + 1);
    }

    /** A truth value; shrinks to false. */
    public boolean flag() {
        return below(2) == 1;
    }

    /** True once in {@code n} times; shrinks to false. */
    public boolean oneIn(int n) {
        return below(n) == n - 1;
    }

    /** One of these; shrinks to the first. */
    @SafeVarargs
    public final <T> T pick(T... options) {
        return options[below(options.length)];
    }

    /** One of these; shrinks to the first. */
    public <T> T pick(List<T> options) {
        return options.get(below(options.size()));
    }

    /** A multiple of 2^-20 in [0, 1); shrinks towards 0. */
    public double fraction() {
        return (double) below(FRACTIONS) / FRACTIONS;
    }

    /** An order of 0 .. n-1; shrinks towards the ascending one. */
    public int[] order(int n) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        for (int i = 0; i < n - 1; i++) {
            int j = i + below(n - i);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }

    /** The choices made, without the zeros at the end. */
    int[] choices() {
        int n = count;
        while (n > 0 && made[n - 1] == 0) {
            n--;
        }
        return Arrays.copyOf(made, n);
    }
}
