package dev.ricci.examples.study;

import dev.ricci.examples.SvgChart;
import dev.ricci.examples.study.StudyLog.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** D3, bits a character and the exact cache in the report. */
record QualityReport(Path folder) {
    /** What counts as robust, as a sharp loss, and as well under the number of tokens. */
    private static final double ROBUST = 0.05;
    private static final double SHARP = 0.2;
    private static final double WELL_UNDER = 0.75;
    private static final double POINT = 0.01;
    /** A model that answers less than this rightly with any number of steps says nothing about their number. */
    private static final double LEARNED = 0.3;

    List<Finding> add(Document document) throws IOException {
        List<Row> all = new ArrayList<>();
        for (Task task : Task.values()) {
            Rows rows = Rows.of(folder, "d3-" + task.text());
            if (!rows.isEmpty()) {
                task(document, task, rows);
                all.addAll(rows.all());
            }
        }
        List<Finding> findings = new ArrayList<>();
        if (!all.isEmpty()) {
            findings.addAll(quality(new Rows(all)));
        }
        findings.addAll(bits(document));
        findings.addAll(exact(document));
        return findings;
    }

    private void task(Document document, Task task, Rows rows) throws IOException {
        Map<String, Object> settings = StudyLog.settings(folder, "d3-" + task.text());
        document.heading("D3: " + task.text());
        document.paragraph("Models of " + settings.get("model") + ", " + settings.get("steps") + " steps of "
            + settings.get("batch") + " examples; " + settings.get("prompts") + " prompts a model, " + task.answerLength()
            + " new tokens. " + task.meaning());
        Rows steps = rows.with("sweep", "steps");
        double[] counts = steps.numbers("value");
        List<List<String>> table = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("quality in K steps"));
        for (int i = counts.length - 1; i >= 0; i--) {
            head.add("K = " + Rows.text(counts[i]));
        }
        table.add(head);
        List<SvgChart.Line> lines = new ArrayList<>();
        for (String model : steps.texts("model")) {
            for (String order : steps.with("model", model).texts("order")) {
                Rows those = steps.with("model", model).with("order", order);
                List<String> line = new ArrayList<>(List.of(model + (order.equals("random") ? ", random order" : "")));
                for (int i = counts.length - 1; i >= 0; i--) {
                    line.add(those.with("value", counts[i]).over("quality").text(3));
                }
                table.add(line);
                if (!order.equals("random")) {
                    lines.add(those.line(model, "value", "quality"));
                }
            }
        }
        document.table(table);
        document.figure("d3-" + task.text(), "quality against steps: " + task.text(),
            SvgChart.draw(task.text() + ": quality against steps", "denoising steps", "quality", lines));
        thresholds(document, rows);
    }

    private static void thresholds(Document document, Rows rows) {
        List<List<String>> table = new ArrayList<>(List.of(List.of("threshold, cache", "model", "quality", "passes",
            "tokens a pass")));
        for (String sweep : List.of("threshold", "cache", "cache-threshold")) {
            Rows swept = rows.with("sweep", sweep);
            for (String model : swept.texts("model")) {
                Rows of = swept.with("model", model);
                for (double value : of.numbers("value")) {
                    for (String cache : of.with("value", value).texts("cache")) {
                        Rows r = of.with("value", value).with("cache", cache);
                        table.add(List.of((sweep.equals("cache") ? Rows.text(value) + " steps" : "threshold " + value) + ", "
                            + cache, model, r.over("quality").text(3), r.over("passes").text(1),
                            Rows.text(r.over("tokens_per_pass").mean())));
                    }
                }
            }
        }
        document.table(table);
    }

    private static Rows steps(Rows all, String task, String model, String order, double steps) {
        return all.with("sweep", "steps").with("task", task).with("model", model).with("order", order).with("value", steps);
    }

    private static List<Finding> quality(Rows all) {
        List<Finding> findings = new ArrayList<>();
        for (String task : all.texts("task")) {
            double most = all.with("sweep", "steps").with("task", task).with("model", "llada").numbers("value").length == 0
                ? Double.NaN : Arrays.stream(all.with("sweep", "steps").with("task", task).numbers("value")).max().orElseThrow();
            if (Double.isNaN(most)) {
                continue;
            }
            boolean robust = task.equals(Task.COPY.text());
            double few = robust ? most / 8 : 1;
            Interval at = steps(all, task, "llada", "confidence", most).over("quality");
            Interval loss = all.with("task", task).bySeed(r -> steps(r, task, "llada", "confidence", most).one("quality")
                - steps(r, task, "llada", "confidence", few).one("quality"));
            double best = 0;
            for (double k : all.with("sweep", "steps").with("task", task).with("model", "llada").numbers("value")) {
                best = Math.max(best, steps(all, task, "llada", "confidence", k).over("quality").mean());
            }
            String numbers = "quality " + at.text(3) + " in " + Rows.text(most) + " steps, loss in " + Rows.text(few)
                 + " " + loss.text(3);
            String claim = robust ? "D3: copying is robust down to few steps (llada)" : "D3: " + task
                + " degrades sharply with few steps (llada)";
            findings.add(best < LEARNED ? new Finding(claim, "open: the model has not learned the task", numbers)
                : robust ? Finding.below(ROBUST, loss, claim, numbers) : Finding.above(SHARP, loss, claim, numbers));
        }
        findings.add(order(all));
        findings.add(threshold(all));
        findings.addAll(caches(all));
        return findings;
    }

    /** The trained models of a task that have learned it, each as its rows. */
    private static List<Rows> learned(Rows task) {
        List<Rows> models = new ArrayList<>();
        for (String model : task.texts("model")) {
            for (double seed : task.with("model", model).numbers("seed")) {
                Rows one = task.with("model", model).with("seed", seed);
                if (one.all().stream().anyMatch(r -> r.number("quality") >= LEARNED)) {
                    models.add(one);
                }
            }
        }
        return models;
    }

    /** A difference for each trained model: the mean over the numbers of steps that leave a choice of what to reveal. */
    private static Finding order(Rows all) {
        List<String> holds = new ArrayList<>();
        List<String> fails = new ArrayList<>();
        List<String> numbers = new ArrayList<>();
        for (String task : all.texts("task")) {
            List<Double> differences = new ArrayList<>();
            for (Rows one : learned(all.with("task", task).with("sweep", "steps"))) {
                Rows random = one.with("order", "random");
                double[] counts = random.numbers("value");
                if (counts.length > 1) {
                    differences.add(Arrays.stream(counts).skip(1).map(k -> one.with("order", "confidence").with("value", k)
                        .one("quality") - random.with("value", k).one("quality")).average().orElseThrow());
                }
            }
            Interval mean = interval(differences);
            numbers.add(task + " " + mean.text(3) + " over " + mean.n() + " models");
            if (mean.isAbove(0)) {
                holds.add(task);
            } else if (mean.isBelow(0)) {
                fails.add(task);
            }
        }
        return split("D3: revealing the likeliest is better than random ones", holds, fails, "difference of quality: "
            + String.join("; ", numbers));
    }

    /** Confirmed or refuted for some; of those that are named nowhere the intervals decide nothing. */
    private static Finding split(String claim, List<String> holds, List<String> fails, String numbers) {
        String yes = holds.isEmpty() ? "" : "confirmed for " + String.join(", ", holds);
        String no = fails.isEmpty() ? "" : "refuted for " + String.join(", ", fails);
        return new Finding(claim, yes.isEmpty() && no.isEmpty() ? "open: the intervals decide nothing"
            : yes + (yes.isEmpty() || no.isEmpty() ? "" : "; ") + no, numbers);
    }

    private static Interval interval(List<Double> values) {
        return Interval.of(values.stream().mapToDouble(v -> v).toArray());
    }

    private static Finding threshold(Rows all) {
        List<String> holds = new ArrayList<>();
        List<String> fails = new ArrayList<>();
        List<String> numbers = new ArrayList<>();
        for (String task : all.texts("task")) {
            List<Double> losses = new ArrayList<>();
            List<Double> passes = new ArrayList<>();
            for (Rows model : learned(all.with("task", task).with("sweep", "threshold"))) {
                Rows one = model.with("value", 1);
                Rows some = model.with("value", 0.9);
                losses.add(one.one("quality") - some.one("quality"));
                passes.add(some.one("passes") / one.one("passes"));
            }
            Interval loss = interval(losses);
            Interval share = interval(passes);
            if (loss.high() <= POINT && share.isBelow(WELL_UNDER)) {
                holds.add(task);
            } else if (loss.isAbove(POINT) || share.low() >= WELL_UNDER) {
                fails.add(task);
            }
            numbers.add(task + ": " + share.text(2) + " of the passes, loss " + loss.text(3) + " over " + loss.n() + " models");
        }
        return split("D3: a threshold of 0.9 needs far fewer passes than tokens and loses at most a point", holds, fails,
            String.join("; ", numbers));
    }

    private static List<Finding> caches(Rows all) {
        List<Finding> findings = new ArrayList<>();
        for (String cache : List.of("prefix", "dual")) {
            List<Double> losses = new ArrayList<>();
            for (Row r : all.with("sweep", "cache").all()) {
                if (r.text("cache").endsWith(cache)) {
                    Row none = all.with("sweep", "cache").with("task", r.text("task")).with("seed", r.number("seed")).all()
                        .stream().filter(o -> o.text("cache").endsWith("none")).findFirst().orElseThrow();
                    losses.add(none.number("quality") - r.number("quality"));
                }
            }
            Interval loss = interval(losses);
            findings.add(new Finding("what the " + cache + " cache costs (llada in blocks of 8, one token a step)", "reported",
                "loss of quality " + loss.text(3) + " over " + loss.n() + " tasks and seeds"));
        }
        return findings;
    }

    private List<Finding> bits(Document document) throws IOException {
        List<Row> all = new ArrayList<>();
        Map<String, Object> settings = Map.of();
        for (Kind kind : Kind.BITS) {
            List<Row> those = StudyLog.rows(folder, "bpc-" + kind.name());
            settings = those.isEmpty() ? settings : StudyLog.settings(folder, "bpc-" + kind.name());
            all.addAll(those);
        }
        if (all.isEmpty()) {
            return List.of();
        }
        Rows rows = new Rows(all);
        document.heading("Bits a character");
        document.paragraph(settings.get("text") + ", characters; models of " + settings.get("model") + ", "
            + (long) rows.one("parameters") + " parameters, windows of " + settings.get("context") + ", "
            + (long) rows.one("tokens") + " training tokens; " + settings.get("validation") + " characters of the last tenth, the"
            + " same ids behind the same beginnings for all. Of masked diffusion it is an upper bound.");
        List<List<String>> table = new ArrayList<>(List.of(List.of("model", "bits a character")));
        List<String> models = rows.texts("model");
        for (String model : rows.texts("model")) {
            table.add(List.of(model, rows.with("model", model).over("bits_per_character").text(3)));
        }
        document.table(table);
        List<Finding> findings = new ArrayList<>();
        findings.add(order(rows, Kind.ALL.stream().map(Kind::name).toList()));
        for (Kind kind : Kind.BITS) {
            Rows clipped = rows.with("model", kind.name());
            if (kind.clipped() && !clipped.isEmpty()) {
                findings.add(clipping(rows.with("model", Kind.bd3(kind.block()).name()), clipped, kind));
            }
        }
        return findings;
    }

    /** Neighbours are compared seed by seed. */
    private static Finding order(Rows rows, List<String> models) {
        List<String> holds = new ArrayList<>();
        List<String> fails = new ArrayList<>();
        List<String> numbers = new ArrayList<>();
        for (int i = 1; i < models.size(); i++) {
            String less = models.get(i - 1);
            String more = models.get(i);
            Interval gap = rows.bySeed(r -> r.with("model", more).one("bits_per_character")
                - r.with("model", less).one("bits_per_character"));
            String pair = less + " < " + more;
            numbers.add(pair + " by " + gap.text(3));
            if (gap.isAbove(0)) {
                holds.add(pair);
            } else if (gap.isBelow(0)) {
                fails.add(pair);
            }
        }
        return split("bits a character: " + String.join(" < ", models), holds, fails, String.join(", ", numbers));
    }

    /** What training in the range of the least variance gains. */
    private static Finding clipping(Rows full, Rows clipped, Kind kind) {
        List<Double> gains = new ArrayList<>();
        List<String> ranges = new ArrayList<>();
        for (Row r : clipped.all()) {
            Rows same = full.with("seed", r.number("seed"));
            if (!same.isEmpty()) {
                gains.add(same.one("bits_per_character") - r.number("bits_per_character"));
                ranges.add(String.format(Locale.ROOT, "%.2f .. %.2f", r.number("noise_low"), r.number("noise_high")));
            }
        }
        Interval gain = interval(gains);
        return Finding.above(0, gain, "bd3-" + kind.block()
            + " trained in the range of noise whose loss varies least has fewer bits a character",
            "fewer by " + gain.text(3) + "; ranges " + String.join(", ", ranges));
    }

    private List<Finding> exact(Document document) throws IOException {
        Rows rows = Rows.of(folder, "exact");
        if (rows.isEmpty()) {
            return List.of();
        }
        document.heading("The exact cache");
        document.paragraph("Texts of a trained model with blocks of 4, temperature 1, threshold 0.9, behind the exact cache and"
            + " without one. Control: the weights of a model that sees both ways behind the exact cache, against that model.");
        List<List<String>> table = new ArrayList<>(List.of(List.of("", "prompts", "equal ids", "distinct texts")));
        List<Finding> findings = new ArrayList<>();
        for (Row r : rows.all()) {
            String name = r.text("name");
            table.add(List.of(name, "" + r.whole("prompts"), "" + r.whole("equal"), "" + r.whole("distinct")));
            boolean control = name.equals("control");
            findings.add(Finding.of(control ? "a model that sees both ways differs behind an exact cache"
                : "the exact cache changes no id in " + name, control ? r.whole("equal") < r.whole("prompts")
                : r.whole("equal") == r.whole("prompts"), r.whole("equal") + " of " + r.whole("prompts") + " texts equal, "
                + r.whole("distinct") + " distinct"));
        }
        document.table(table);
        return findings;
    }
}
