package dev.ricci.testkit;

import dev.ricci.tensor.Shape;

/** How shapes are drawn. */
final class Shapes {
    private Shapes() {
    }

    /**
     * A shape.
     *
     * @param empty whether sizes may be 0
     */
    static Shape drawn(Draw draw, int minRank, int maxRank, int maxElements, boolean empty) {
        int[] d = new int[draw.between(minRank, maxRank)];
        int room = maxElements;
        for (int a = 0; a < d.length; a++) {
            d[a] = size(draw, room, empty);
            room /= Math.max(1, d[a]);
        }
        return Shape.of(d);
    }

    /** A size of at most {@code room}: small mostly, 1 often, long at times, 0 rarely. */
    static int size(Draw draw, int room, boolean empty) {
        int kind = draw.below(20);
        if (kind == 19) {
            return empty ? 0 : 1;
        }
        return kind < 4 || room < 2 ? 1 : draw.between(2, Math.min(room, kind < 14 ? 5 : kind < 18 ? 40 : 300));
    }

    /** A shape that broadcasts to {@code s}: some sizes become 1, some leading axes go. */
    static Shape narrowed(Draw draw, Shape s) {
        int drop = draw.below(s.rank() + 1);
        int[] d = s.sub(drop, s.rank()).toArray();
        for (int a = 0; a < d.length; a++) {
            d[a] = draw.flag() ? 1 : d[a];
        }
        return Shape.of(d);
    }
}
