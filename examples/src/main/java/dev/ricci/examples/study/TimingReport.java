package dev.ricci.examples.study;

import dev.ricci.examples.SvgChart;
import dev.ricci.examples.study.StudyLog.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** D2 in the report. */
final class TimingReport {
    /** What "nearly flat" and "much less" are taken for. */
    private static final double FLAT = 1.5;
    private static final double MUCH = 2;

    private final Path folder;
    private final Rows steps;
    private final Rows writing;
    private final double[] contexts;
    private final double[] batches;
    private final double newTokens;

    TimingReport(Path folder) throws IOException {
        this.folder = folder;
        this.steps = Rows.of(folder, "d2-steps");
        this.writing = Rows.of(folder, "d2-writing");
        this.contexts = steps.numbers("context");
        this.batches = steps.numbers("batch");
        this.newTokens = steps.isEmpty() ? Double.NaN
            : ((Number) StudyLog.settings(folder, "d2-steps").get("new_tokens")).doubleValue();
    }

    List<Finding> add(Document document) throws IOException {
        List<Finding> findings = new ArrayList<>();
        if (!steps.isEmpty()) {
            steps(document);
            findings.addAll(flat());
            findings.add(cheapBlocks());
        }
        if (!writing.isEmpty()) {
            writing(document);
            findings.add(slowAtFullSteps());
        }
        if (!steps.isEmpty() && !writing.isEmpty()) {
            findings.add(crossover());
        }
        if (!steps.isEmpty()) {
            findings.addAll(batches(document));
        }
        if (!writing.isEmpty()) {
            findings.add(allocations());
        }
        return findings;
    }

    private static double seconds(Rows rows, String method, double context, double batch) {
        return rows.with("method", method).with("context", context).with("batch", batch).one("seconds");
    }

    private void steps(Document document) throws IOException {
        var settings = StudyLog.settings(folder, "d2-steps");
        CostReport.Limits limits = CostReport.Limits.of(folder);
        document.heading("D2: single steps on this machine");
        document.paragraph("Random weights: " + settings.get("model") + ", " + Math.round(((Number) settings.get("megabytes"))
            .doubleValue()) + " MB in products, F32; medians of " + settings.get("rounds") + " rounds in turn. block-G: G tokens"
            + " behind an exact cache; prefix, dual: between two refreshes; full: the prompt and " + Rows.text(newTokens)
            + " new tokens. Long passes of several sequences are timed for fewer and multiplied.");
        List<List<String>> table = new ArrayList<>(List.of(List.of("step", "prompt", "sequences", "ms", "FLOP/byte", "GFLOP/s",
            "GB/s", "of the roofline")));
        for (String method : steps.texts("method")) {
            for (double context : contexts) {
                for (double batch : batches) {
                    Rows r = steps.with("method", method).with("context", context).with("batch", batch);
                    Interval s = r.bySeed(x -> 1e3 * x.one("seconds"));
                    double flops = r.one("flops");
                    double bytes = r.one("bytes");
                    double least = Math.max(bytes / limits.bandwidth(), flops / limits.peak());
                    table.add(List.of(method, Rows.text(context), Rows.text(batch), s.text(s.mean() < 10 ? 2 : 1),
                        Rows.text(flops / bytes), Rows.text(flops / s.mean() / 1e6), Rows.text(bytes / s.mean() / 1e6),
                        Double.isNaN(least) ? "-" : Math.round(1e5 * least / s.mean()) + " %"));
                }
            }
        }
        document.table(table);
        Rows alone = steps.with("batch", batches[0]);
        document.figure("d2-context", "time of a step against the prompt, one sequence", SvgChart.drawLogarithmic(
            "A step of one sequence", "prompt, tokens", "seconds", alone.texts("method").stream().limit(7)
                .map(m -> alone.with("method", m).line(m, "context", "seconds")).toList()));
        double middle = contexts[contexts.length / 2];
        Rows at = steps.with("context", middle);
        document.figure("d2-batch", "steps a second against sequences", SvgChart.drawLogarithmic(
            "Time of a step, prompt of " + Rows.text(middle), "sequences", "seconds", at.texts("method").stream()
                .map(m -> at.with("method", m).line(m, "batch", "seconds")).toList()));
    }

    private List<Finding> flat() {
        double first = contexts[0];
        double last = contexts[contexts.length - 1];
        double middle = contexts[contexts.length / 2];
        Interval ar = steps.bySeed(r -> seconds(r, "ar", last, 1) / seconds(r, "ar", first, 1));
        Interval full = steps.bySeed(r -> seconds(r, "full", last, 1) / seconds(r, "full", first, 1));
        Interval end = steps.bySeed(r -> seconds(r, "full", last, 1) / seconds(r, "full", middle, 1));
        double endTokens = (last + newTokens) / (middle + newTokens);
        String range = "prompt " + Rows.text(first) + " to " + Rows.text(last) + ": x ";
        return List.of(Finding.below(FLAT, ar, "(1) from left to right the time of a token hardly depends on the context (less than x "
            + FLAT + ")", range + ar.text(2)),
            Finding.above(endTokens, end, "(1) without a cache the time of a step grows faster than the context, where that is long",
                String.format(Locale.ROOT, "%s%s for %.2f times the tokens; %s to %s: x %s for %.2f times", range, full.text(2),
                    (last + newTokens) / (first + newTokens), Rows.text(middle), Rows.text(last), end.text(2), endTokens)));
    }

    private Finding cheapBlocks() {
        double middle = contexts[contexts.length / 2];
        Interval ratio = steps.bySeed(r -> seconds(r, "block-16", middle, 1) / seconds(r, "ar", middle, 1));
        return Finding.below(16 / MUCH, ratio, "(2) a step of a block of 16 takes much less than 16 steps from left to right (less"
            + " than half)", "x " + ratio.text(2) + " at a prompt of " + Rows.text(middle));
    }

    private void writing(Document document) throws IOException {
        var settings = StudyLog.settings(folder, "d2-writing");
        document.heading("D2: whole generations on this machine");
        document.paragraph("The same decoder, one sequence: " + settings.get("new_tokens") + " tokens behind a prompt of "
            + settings.get("prompt") + ", which is read, too. MB a step: memory that was allocated in a pass after the first (median), in"
            + " the first and in the second half of a generation.");
        List<List<String>> table = new ArrayList<>(List.of(List.of("decoder", "steps", "passes", "tokens/s", "s", "MB a step",
            "MB a step later", "cache, MB")));
        for (String method : writing.texts("method")) {
            double[] counts = writing.with("method", method).numbers("steps");
            for (int i = counts.length - 1; i >= 0; i--) {
                Rows r = writing.with("method", method).with("steps", counts[i]);
                table.add(List.of(method, Rows.text(counts[i]), Rows.text(r.one("passes")), r.over("tokens_per_s").text(2),
                    r.over("seconds").text(2), Rows.text(r.over("mb_first_half").mean()),
                    Rows.text(r.over("mb_second_half").mean()), method.equals("full") ? "0" : Rows.text(r.one("cache_mb"))));
            }
        }
        document.table(table);
        List<SvgChart.Line> lines = new ArrayList<>();
        double[] all = writing.numbers("steps");
        double ar = writing.with("method", "ar").over("seconds").mean();
        lines.add(new SvgChart.Line("ar", new double[] {all[0], all[all.length - 1]}, new double[] {ar, ar}));
        writing.texts("method").stream().filter(m -> !m.equals("ar")).limit(6)
            .forEach(m -> lines.add(writing.with("method", m).line(m, "steps", "seconds")));
        document.figure("d2-steps", "seconds of a generation against its denoising steps", SvgChart.drawLogarithmic(
            settings.get("new_tokens") + " tokens behind a prompt of " + settings.get("prompt"), "denoising steps", "seconds",
            lines));
    }

    private Finding slowAtFullSteps() {
        double most = writing.with("method", "ar").one("steps");
        Interval ahead = writing.bySeed(r -> r.with("method", "ar").one("tokens_per_s") / fastest(r, most).number("tokens_per_s"));
        List<String> names = writing.with("steps", most).all().stream().map(r -> fastest(writing.with("seed", r.number("seed")),
            most).text("method")).distinct().toList();
        return Finding.above(1, ahead, "(3) with as many steps as tokens, left to right is faster than every masked diffusion",
            "ar " + writing.with("method", "ar").over("tokens_per_s").text(2) + " tokens/s, x " + ahead.text(2)
            + " of the fastest other (" + String.join(", ", names) + ")");
    }

    private static Row fastest(Rows seed, double steps) {
        return seed.with("steps", steps).all().stream().filter(r -> !r.text("method").equals("ar"))
            .max(Comparator.comparingDouble(r -> r.number("tokens_per_s"))).orElseThrow();
    }

    /** K* by the line through the measured times. */
    private static double breakEven(Rows seed, String method) {
        Rows rows = seed.with("method", method);
        double[] k = rows.numbers("steps");
        double low = rows.with("steps", k[0]).one("seconds");
        double high = rows.with("steps", k[k.length - 1]).one("seconds");
        double ar = seed.with("method", "ar").one("seconds");
        return k[0] + (ar - low) / (high - low) * (k[k.length - 1] - k[0]);
    }

    private Finding crossover() {
        String method = writing.texts("method").stream().filter(m -> m.equals("block-32")).findFirst().orElse("block-16");
        double most = writing.with("method", "ar").one("steps");
        double near = Arrays.stream(contexts).boxed().min((a, b) -> Double.compare(Math.abs(a - 256), Math.abs(b - 256)))
            .orElseThrow();
        Interval ratio = steps.bySeed(r -> seconds(r, method, near, 1) / seconds(r, "ar", near, 1));
        int right = 0;
        int count = 0;
        StringBuilder points = new StringBuilder();
        for (Row row : writing.with("method", method).all()) {
            double ar = writing.with("method", "ar").with("seed", row.number("seed")).one("seconds");
            boolean faster = row.number("seconds") < ar;
            right += faster == most / row.number("passes") > ratio.mean() ? 1 : 0;
            count++;
        }
        double[] k = writing.with("method", method).numbers("steps");
        for (double n : k) {
            Rows at = writing.with("method", method).with("steps", n);
            points.append(points.isEmpty() ? "" : ", ").append(Rows.text(n)).append(": x ").append(Rows.text(
                writing.with("method", "ar").over("seconds").mean() / at.over("seconds").mean()));
        }
        return Finding.of("(4) blocks of 32 are faster for one sequence when tokens a step exceed time(block)/time(one token) (nine of"
            + " ten generations)",
            right >= 0.9 * count, String.format(Locale.ROOT, "the ratio is %s; %d of %d generations as it says; K* for %s tokens:"
                + " %s measured, %s by the ratio; speed to ar by steps: %s", ratio.text(2), right, count, Rows.text(most),
                writing.bySeed(r -> breakEven(r, method)).text(1), Rows.text(most / ratio.mean()), points));
    }

    private List<Finding> batches(Document document) {
        double middle = contexts[contexts.length / 2];
        double most = batches[batches.length - 1];
        String block = steps.texts("method").stream().filter(m -> m.equals("block-32")).findFirst().orElse("block-16");
        List<List<String>> table = new ArrayList<>();
        table.add(new ArrayList<>(List.of("tokens a step that are needed, of at most")));
        for (double batch : batches) {
            table.getFirst().add(Rows.text(batch) + " sequences");
        }
        List<Finding> findings = new ArrayList<>();
        for (String method : List.of(block, "full")) {
            double available = method.equals("full") ? newTokens : Double.parseDouble(method.substring(6));
            List<String> line = new ArrayList<>(List.of(method + ", " + Rows.text(available)));
            Interval needed = null;
            for (double batch : batches) {
                needed = steps.bySeed(r -> seconds(r, method, middle, batch) / seconds(r, "ar", middle, batch));
                line.add(needed.text(1));
            }
            table.add(line);
            double computed = steps.with("method", method).with("context", middle).with("batch", most).one("computed");
            findings.add(Finding.above(available, needed, "(5) the crossover of " + method + " disappears as sequences are added",
                "needs " + line.get(1) + " of " + Rows.text(available) + " tokens a step with one sequence, " + line.getLast()
                + " with " + Rows.text(most) + (computed < most ? ", of which " + Rows.text(computed) + " were timed" : "")
                + "; it makes " + gain(method, middle, most) + " times the tokens/s, ar " + gain("ar", middle, most)));
        }
        document.heading("Where the crossover lies, by sequences at once");
        document.paragraph("Tokens that a step must reveal, for each sequence, to be as fast as left to right, prompt of "
            + Rows.text(middle) + ": time of a step over that of a token.");
        document.table(table);
        return findings;
    }

    private String gain(String method, double context, double batch) {
        return steps.bySeed(r -> batch * seconds(r, method, context, 1) / seconds(r, method, context, batch)).text(2);
    }

    private Finding allocations() {
        double worst = 0;
        String name = "";
        for (Row row : writing.all()) {
            double growth = row.number("mb_second_half") / Math.max(1e-3, row.number("mb_first_half"));
            if (row.number("passes") >= 8 && growth > worst) {
                worst = growth;
                name = row.text("method") + " in " + row.whole("steps") + " steps";
            }
        }
        return Finding.of("no decoder allocates more a step as it goes on", worst < 1.2, "most: x " + Rows.text(worst) + ", "
            + name);
    }
}
