package dev.ricci.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Line charts as SVG text: no fonts, no desktop, no library needed on the machine that draws them. */
public final class SvgChart {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 420;
    private static final int LEFT = 60;
    private static final int RIGHT = 20;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final List<String> COLORS = List.of("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf");

    /**
     * One line.
     *
     * @param name in the legend
     * @param x places; finite
     * @param y values, as many; points that are not finite are left out
     */
    public record Line(String name, double[] x, double[] y) {
    }

    private final StringBuilder out = new StringBuilder();
    private final boolean logarithmic;
    private final int legendTop;
    private final double xMin;
    private final double xMax;
    private final double yMin;
    private final double yMax;

    private SvgChart(List<Line> lines, boolean logarithmic) {
        this.logarithmic = logarithmic;
        // Curves that grow and level off, as those of two logarithms do, leave the lower right corner free.
        legendTop = logarithmic ? HEIGHT - BOTTOM - 16 * lines.size() - 10 : TOP;
        double[] x = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        double[] y = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (Line line : lines) {
            for (int i = 0; i < line.x.length; i++) {
                if (Double.isFinite(line.y[i])) {
                    widen(x, place(line.x[i]));
                    widen(y, place(line.y[i]));
                }
            }
        }
        boolean empty = x[0] > x[1];
        xMin = empty ? 0 : x[0];
        xMax = empty ? 1 : x[1] > x[0] ? x[1] : x[0] + 1;
        yMin = empty ? 0 : y[0];
        yMax = empty ? 1 : y[1] > y[0] ? y[1] : y[0] + 1;
    }

    private static void widen(double[] range, double v) {
        range[0] = Math.min(range[0], v);
        range[1] = Math.max(range[1], v);
    }

    /** The chart as an SVG document. */
    public static String draw(String title, String xLabel, String yLabel, List<Line> lines) {
        return new SvgChart(lines, false).document(title, xLabel, yLabel, lines);
    }

    /** The chart with the logarithms of both axes; all numbers are positive. */
    public static String drawLogarithmic(String title, String xLabel, String yLabel, List<Line> lines) {
        return new SvgChart(lines, true).document(title, xLabel, yLabel, lines);
    }

    private double place(double v) {
        return logarithmic ? StrictMath.log10(v) : v;
    }

    private String document(String title, String xLabel, String yLabel, List<Line> lines) {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
            + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n", WIDTH, HEIGHT);
        text(WIDTH / 2.0, 22, "middle", title);
        text(WIDTH / 2.0, HEIGHT - 10, "middle", xLabel);
        add("<g transform=\"translate(16 %d) rotate(-90)\">", HEIGHT / 2);
        text(0, 0, "middle", yLabel);
        add("</g>%n");
        axes();
        for (int i = 0; i < lines.size(); i++) {
            line(lines.get(i), COLORS.get(i % COLORS.size()), i);
        }
        return add("</svg>%n").out.toString();
    }

    private void axes() {
        for (double v : ticks(xMin, xMax)) {
            add("<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>%n", px(v), TOP, px(v), HEIGHT - BOTTOM);
            text(px(v), HEIGHT - BOTTOM + 16, "middle", label(v, xMax - xMin));
        }
        for (double v : ticks(yMin, yMax)) {
            add("<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n", LEFT, py(v), WIDTH - RIGHT, py(v));
            text(LEFT - 6, py(v) + 4, "end", label(v, yMax - yMin));
        }
    }

    /** Round numbers of an axis: on a logarithmic one 1, 2 and 5 times powers of ten. */
    private List<Double> ticks(double min, double max) {
        List<Double> ticks = new ArrayList<>();
        double step = logarithmic ? 1 : step(max - min);
        for (double v = Math.floor(min / step) * step; v <= max + 1e-9 * step; v += step) {
            double power = StrictMath.pow(10, v);
            for (double tick : logarithmic ? new double[] {power, 2 * power, 5 * power} : new double[] {v}) {
                if (place(tick) >= min - 1e-9 * step && place(tick) <= max + 1e-9 * step) {
                    ticks.add(tick);
                }
            }
        }
        return ticks;
    }

    private void line(Line line, String color, int index) {
        add("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", color);
        for (int i = 0; i < line.x.length; i++) {
            if (Double.isFinite(line.y[i])) {
                add("%.1f,%.1f ", px(line.x[i]), py(line.y[i]));
            }
        }
        add("\"/>%n");
        double y = legendTop + 14 + 16 * index;
        add("<rect x=\"%d\" y=\"%.1f\" width=\"14\" height=\"3\" fill=\"%s\"/>%n", WIDTH - RIGHT - 150, y - 4, color);
        text(WIDTH - RIGHT - 130, y, "start", line.name);
    }

    private double px(double x) {
        return LEFT + (place(x) - xMin) / (xMax - xMin) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double y) {
        return HEIGHT - BOTTOM - (place(y) - yMin) / (yMax - yMin) * (HEIGHT - TOP - BOTTOM);
    }

    /** 1, 2 or 5 times a power of ten, so that about six fit. */
    private static double step(double range) {
        double power = StrictMath.pow(10, Math.floor(StrictMath.log10(range / 6)));
        double ratio = range / 6 / power;
        return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    }

    private String label(double v, double range) {
        double step = logarithmic ? v : step(range);
        int decimals = Math.max(0, (int) -Math.floor(StrictMath.log10(step) + 1e-9));
        return String.format(Locale.ROOT, "%." + decimals + "f", v);
    }

    private void text(double x, double y, String anchor, String text) {
        add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
        out.append(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
        add("</text>%n");
    }

    private SvgChart add(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format.replace("%n", "\n"), values));
        return this;
    }
}
