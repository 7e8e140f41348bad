package dev.ricci.examples;

import java.util.List;
import java.util.Locale;

/** Line charts as SVG text: no fonts, no desktop, no library needed on the machine that draws them. */
final class SvgChart {
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
    record Line(String name, double[] x, double[] y) {
    }

    private final StringBuilder out = new StringBuilder();
    private final double xMin;
    private final double xMax;
    private final double yMin;
    private final double yMax;

    private SvgChart(List<Line> lines) {
        double[] x = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        double[] y = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (Line line : lines) {
            for (int i = 0; i < line.x.length; i++) {
                if (Double.isFinite(line.y[i])) {
                    widen(x, line.x[i]);
                    widen(y, line.y[i]);
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
    static String draw(String title, String xLabel, String yLabel, List<Line> lines) {
        SvgChart chart = new SvgChart(lines);
        chart.add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
            + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n", WIDTH, HEIGHT);
        chart.text(WIDTH / 2.0, 22, "middle", title);
        chart.text(WIDTH / 2.0, HEIGHT - 10, "middle", xLabel);
        chart.add("<g transform=\"translate(16 %d) rotate(-90)\">", HEIGHT / 2);
        chart.text(0, 0, "middle", yLabel);
        chart.add("</g>%n");
        chart.axes();
        for (int i = 0; i < lines.size(); i++) {
            chart.line(lines.get(i), COLORS.get(i % COLORS.size()), i);
        }
        return chart.add("</svg>%n").out.toString();
    }

    private void axes() {
        double xStep = step(xMax - xMin);
        for (double v = Math.ceil(xMin / xStep) * xStep; v <= xMax + 1e-9 * xStep; v += xStep) {
            add("<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>%n", px(v), TOP, px(v), HEIGHT - BOTTOM);
            text(px(v), HEIGHT - BOTTOM + 16, "middle", label(v, xStep));
        }
        double yStep = step(yMax - yMin);
        for (double v = Math.ceil(yMin / yStep) * yStep; v <= yMax + 1e-9 * yStep; v += yStep) {
            add("<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>%n", LEFT, py(v), WIDTH - RIGHT, py(v));
            text(LEFT - 6, py(v) + 4, "end", label(v, yStep));
        }
    }

    private void line(Line line, String color, int index) {
        add("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", color);
        for (int i = 0; i < line.x.length; i++) {
            if (Double.isFinite(line.y[i])) {
                add("%.1f,%.1f ", px(line.x[i]), py(line.y[i]));
            }
        }
        add("\"/>%n");
        double y = TOP + 14 + 16 * index;
        add("<rect x=\"%d\" y=\"%.1f\" width=\"14\" height=\"3\" fill=\"%s\"/>%n", WIDTH - RIGHT - 150, y - 4, color);
        text(WIDTH - RIGHT - 130, y, "start", line.name);
    }

    private double px(double x) {
        return LEFT + (x - xMin) / (xMax - xMin) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double y) {
        return HEIGHT - BOTTOM - (y - yMin) / (yMax - yMin) * (HEIGHT - TOP - BOTTOM);
    }

    /** 1, 2 or 5 times a power of ten, so that about six fit. */
    private static double step(double range) {
        double power = StrictMath.pow(10, Math.floor(StrictMath.log10(range / 6)));
        double ratio = range / 6 / power;
        return power * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
    }

    private static String label(double v, double step) {
        int decimals = Math.max(0, (int) -Math.floor(StrictMath.log10(step)));
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
