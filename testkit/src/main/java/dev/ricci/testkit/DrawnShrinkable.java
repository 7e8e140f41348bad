package dev.ricci.testkit;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.ShrinkingDistance;

/** A value and the choices it was built from; simpler choices give simpler values. */
final class DrawnShrinkable<T> implements Shrinkable<T> {
    /** Beyond this many choices single ones are not deleted: they are elements of tensors then. */
    private static final int STRUCTURE = 48;

    private final Function<Draw, T> builder;
    private final int[] choices;

    private DrawnShrinkable(Function<Draw, T> builder, int[] choices) {
        this.builder = builder;
        this.choices = choices;
    }

    static <T> Shrinkable<T> generate(Function<Draw, T> builder, Random random) {
        Draw draw = Draw.random(random);
        builder.apply(draw);
        return new DrawnShrinkable<>(builder, draw.choices());
    }

    /** Builds it anew, so that a test that spoils its value spoils no other run. */
    @Override
    public T value() {
        return builder.apply(Draw.replay(choices));
    }

    @Override
    public Stream<Shrinkable<T>> shrink() {
        return Stream.of(truncations(), zeroedBlocks(), deletions(), smaller()).flatMap(s -> s)
                .map(c -> new DrawnShrinkable<>(builder, c));
    }

    /** Boldest first: everything from some place on becomes 0. */
    private Stream<int[]> truncations() {
        int n = choices.length;
        return IntStream.iterate(n, left -> left > 0, left -> left / 2).mapToObj(left -> trimmed(n - left));
    }

    private Stream<int[]> zeroedBlocks() {
        return IntStream.of(64, 16, 4).filter(width -> width < choices.length).boxed().flatMap(width ->
                IntStream.iterate(0, from -> from < choices.length, from -> from + width)
                        .filter(from -> anyIn(from, from + width))
                        .mapToObj(from -> {
                            int[] c = choices.clone();
                            Arrays.fill(c, from, Math.min(from + width, c.length), 0);
                            return trim(c);
                        }));
    }

    private Stream<int[]> deletions() {
        return IntStream.range(0, Math.min(STRUCTURE, choices.length)).mapToObj(i -> {
            int[] c = new int[choices.length - 1];
            System.arraycopy(choices, 0, c, 0, i);
            System.arraycopy(choices, i + 1, c, i, c.length - i);
            return trim(c);
        });
    }

    private Stream<int[]> smaller() {
        return IntStream.range(0, choices.length).boxed().flatMap(i ->
                IntStream.of(0, choices[i] & 0xFFFF0000, choices[i] / 2, choices[i] - 1)
                        .filter(c -> c >= 0 && c < choices[i]).distinct()
                        .mapToObj(to -> {
                            int[] c = choices.clone();
                            c[i] = to;
                            return trim(c);
                        }));
    }

    private boolean anyIn(int from, int to) {
        for (int i = from; i < Math.min(to, choices.length); i++) {
            if (choices[i] != 0) {
                return true;
            }
        }
        return false;
    }

    private int[] trimmed(int length) {
        return trim(Arrays.copyOf(choices, length));
    }

    private static int[] trim(int[] c) {
        int n = c.length;
        while (n > 0 && c[n - 1] == 0) {
            n--;
        }
        return n == c.length ? c : Arrays.copyOf(c, n);
    }

    @Override
    public ShrinkingDistance distance() {
        return ShrinkingDistance.of(choices.length, IntStream.of(choices).asLongStream().sum());
    }

    @Override
    public String toString() {
        return "Shrinkable of " + value();
    }
}
