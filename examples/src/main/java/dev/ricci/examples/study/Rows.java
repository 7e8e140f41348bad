package dev.ricci.examples.study;

import dev.ricci.examples.SvgChart;
import dev.ricci.examples.study.StudyLog.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Rows of a part, and what reports ask of them.
 *
 * @param all in the order in which they were measured
 */
record Rows(List<Row> all) {
    static Rows of(Path folder, String part) throws IOException {
        return new Rows(StudyLog.rows(folder, part));
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Those with a value. */
    Rows with(String name, Object value) {
        return new Rows(all.stream().filter(r -> r.is(name, value)).toList());
    }

    /** The different texts of a column, in their order. */
    List<String> texts(String name) {
        return all.stream().map(r -> r.text(name)).distinct().toList();
    }

    /** The different numbers of a column, from the least. */
    double[] numbers(String name) {
        return all.stream().mapToDouble(r -> r.number(name)).distinct().sorted().toArray();
    }

    /** A column's mean over seeds. */
    Interval over(String name) {
        return Interval.of(all.stream().mapToDouble(r -> r.number(name)).toArray());
    }

    /** The mean over seeds of what is computed from the rows of each; seeds without what it needs are left out. */
    Interval bySeed(ToDoubleFunction<Rows> value) {
        double[] values = new double[numbers("seed").length];
        for (int i = 0; i < values.length; i++) {
            values[i] = value.applyAsDouble(with("seed", numbers("seed")[i]));
        }
        return Interval.of(Arrays.stream(values).filter(Double::isFinite).toArray());
    }

    /** The only value of a column, NaN if there is no row. */
    double one(String name) {
        return all.isEmpty() ? Double.NaN : all.getFirst().number(name);
    }

    /** A line of a chart: the means of y at every x. */
    SvgChart.Line line(String name, String x, String y) {
        double[] xs = numbers(x);
        double[] ys = new double[xs.length];
        for (int i = 0; i < xs.length; i++) {
            ys[i] = with(x, xs[i]).over(y).mean();
        }
        return new SvgChart.Line(name, xs, ys);
    }

    /** A number with about three digits, whole ones without a point. */
    static String text(double v) {
        double size = Math.abs(v);
        if (v == Math.rint(v)) {
            return Long.toString((long) v);
        }
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", v);
    }
}
