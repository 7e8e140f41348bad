package dev.ricci.examples.study;

import dev.ricci.examples.SvgChart;
import dev.ricci.examples.study.StudyLog.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** D0 and D1 in the report. */
record CostReport(Path folder) {
    void add(Document document) throws IOException {
        costs(document);
        roofline(document);
    }

    private void costs(Document document) throws IOException {
        Rows rows = Rows.of(folder, "d0");
        if (rows.isEmpty()) {
            return;
        }
        Map<String, Object> settings = StudyLog.settings(folder, "d0");
        String machine = (String) settings.get("machine");
        document.heading("D0: the cost model");
        List<List<String>> vectors = new ArrayList<>(List.of(List.of("FLOP/byte", "published", "here")));
        for (Row row : rows.with("what", "vector").all()) {
            vectors.add(List.of(row.text("name"), String.format(Locale.ROOT, "%.4f", row.number("published")),
                String.format(Locale.ROOT, "%.4f", row.number("ours"))));
        }
        document.table(vectors);
        document.paragraph("LLaDA-8B with numbers of 16 bits on one " + machine + ", " + settings.get("new_tokens")
            + " new tokens, as many steps as tokens, blocks of 32, a prompt of 2048 and one sequence, unless the figure says"
            + " otherwise. ar: left to right; block: exact cache; prefix, dual: approximate caches; full: no cache.");
        Rows sweeps = rows.with("what", "sweep");
        figure(document, sweeps, "context", "intensity", "prompt, tokens", "FLOP/byte");
        figure(document, sweeps, "context", "ms_per_token", "prompt, tokens", "ms a token");
        figure(document, sweeps, "block", "intensity", "tokens of a block", "FLOP/byte");
        figure(document, sweeps, "batch", "intensity", "sequences", "FLOP/byte");
        figure(document, sweeps, "batch", "tokens_per_s", "sequences", "tokens/s");
        figure(document, sweeps, "steps", "ms_per_token", "denoising steps for 256 tokens", "ms a token");
        document.paragraph("K*, the steps with which 256 tokens take as long as from left to right; - if even one step a block"
            + " takes longer:");
        List<List<String>> table = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("sequences"));
        double[] batches = sweeps.with("sweep", "batch").numbers("x");
        for (double batch : batches) {
            head.add(Rows.text(batch));
        }
        table.add(head);
        for (String series : List.of("block", "dual", "prefix", "full")) {
            List<String> line = new ArrayList<>(List.of(series));
            for (double batch : batches) {
                Row row = sweeps.with("sweep", "batch").with("x", batch).with("series", series).all().getFirst();
                line.add(row.number("break_even") < row.number("blocks") ? "-" : Rows.text(row.number("break_even")));
            }
            table.add(line);
        }
        document.table(table);
    }

    private static void figure(Document document, Rows rows, String sweep, String y, String xLabel, String yLabel) {
        Rows those = rows.with("sweep", sweep);
        List<SvgChart.Line> lines = those.texts("series").stream().map(s -> those.with("series", s).line(s, "x", y)).toList();
        document.figure("d0-" + y.replace('_', '-') + "-" + sweep, yLabel + " against " + xLabel + ", by the cost model",
            SvgChart.drawLogarithmic("Cost model: " + yLabel + " against " + xLabel, xLabel, yLabel, lines));
    }

    private void roofline(Document document) throws IOException {
        Rows rows = Rows.of(folder, "d1").with("what", "product");
        if (rows.isEmpty()) {
            return;
        }
        document.heading("D1: the roofline of this machine");
        Limits limits = Limits.of(folder);
        document.paragraph("Products of 1, 2, 4, ... rows with F32 weights of " + StudyLog.settings(folder, "d1").get("size")
            + " x " + StudyLog.settings(folder, "d1").get("size") + " that no cache holds: " + Rows.text(limits.bandwidth() / 1e9)
            + " GB/s, " + Rows.text(limits.peak() / 1e9) + " GFLOP/s, ridge at " + Rows.text(limits.peak() / limits.bandwidth())
            + " FLOP/byte. An addition of arrays moves "
            + Rows.text(Rows.of(folder, "d1").with("what", "add").one("gb_per_s")) + " GB/s.");
        document.figure("d1-rows", "time of a row against the rows of a product",
            SvgChart.drawLogarithmic("Products with weights from memory", "rows", "microseconds a row",
                List.of(rows.line("measured", "rows", "us_per_row"))));
    }

    /** The machine's limits, in bytes and FLOP a second; NaN if D1 has not been run. */
    record Limits(double bandwidth, double peak) {
        static Limits of(Path folder) throws IOException {
            Rows rows = Rows.of(folder, "d1").with("what", "product");
            return rows.isEmpty() ? new Limits(Double.NaN, Double.NaN)
                : new Limits(1e9 * most(rows, "gb_per_s"), 1e9 * most(rows, "gflops"));
        }

        private static double most(Rows rows, String column) {
            double[] values = rows.numbers(column);
            return values[values.length - 1];
        }
    }
}
