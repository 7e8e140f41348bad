package dev.ricci.bench;

import java.util.List;

/**
 * Times of products of different numbers of rows with the same weights as max(flat, rows x perRow): the weights must be read
 * however few the rows are, and from the ridge on each row takes its time.
 *
 * @param flat seconds
 * @param perRow seconds
 */
record RooflineFit(double flat, double perRow) {
    /**
     * One measurement.
     *
     * @param rows of the product
     * @param seconds of it
     */
    record Point(int rows, double seconds) {
    }

    /** The fit with the least mean square of relative errors, more exactly of those of the logarithms. */
    static RooflineFit of(List<Point> points) {
        RooflineFit best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int split = 1; split < points.size(); split++) {
            RooflineFit fit = new RooflineFit(mean(points.subList(0, split), false),
                    mean(points.subList(split, points.size()), true));
            double error = points.stream().mapToDouble(p -> square(Math.log(p.seconds / fit.seconds(p.rows)))).sum();
            if (error < least) {
                least = error;
                best = fit;
            }
        }
        return best;
    }

    private static double square(double x) {
        return x * x;
    }

    private static double mean(List<Point> points, boolean perRow) {
        return Math.exp(points.stream().mapToDouble(p -> Math.log(p.seconds / (perRow ? p.rows : 1))).average().orElseThrow());
    }

    double seconds(int rows) {
        return Math.max(flat, rows * perRow);
    }

    /** Rows at which both take as long. */
    double ridge() {
        return flat / perRow;
    }
}
