package dev.ricci.testkit;

/** A way to draw one number. */
@FunctionalInterface
public interface Values {
    /** One number. */
    double draw(Draw draw);

    /**
     * Uniform in [low, high) on a grid of 2^20 steps; shrinks towards 0, or towards the bound next to it. F32 holds the
     * grid exactly where bounds and span are dyadic.
     */
    static Values between(double low, double high) {
        double simplest = Math.max(low, Math.min(0, high));
        return draw -> {
            double v = simplest + draw.fraction() * (high - low);
            return v < high ? v : v - (high - low);
        };
    }

    /** Either sign, with a magnitude in [low, high). */
    static Values awayFromZero(double low, double high) {
        return draw -> draw.flag() ? -(low + draw.fraction() * (high - low)) : low + draw.fraction() * (high - low);
    }

    /** Whole numbers from low to high, both included; small ranges make ties. */
    static Values whole(int low, int high) {
        return draw -> draw.between(low, high);
    }

    /** Away from whole numbers by 0.1 or more, within low .. high. */
    static Values awayFromWhole(int low, int high) {
        return draw -> draw.between(low, high - 1) + 0.125 + 0.75 * draw.fraction();
    }

    /** Away from whole numbers and a half, where rounding to nearest jumps. */
    static Values awayFromHalves(int low, int high) {
        return draw -> draw.between(low, high) - 0.375 + 0.75 * draw.fraction();
    }

    /** These mostly, and sometimes one of the others. */
    static Values sometimes(Values usual, double... others) {
        return draw -> draw.oneIn(5) ? others[draw.below(others.length)] : usual.draw(draw);
    }
}
