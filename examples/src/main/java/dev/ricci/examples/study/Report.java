package dev.ricci.examples.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a study found, from its files alone.
 *
 * @param folder of the files, and of the report
 * @param plan of the study
 */
record Report(Path folder, ArmVersusDlm plan) {
    /** Writes the report. */
    List<Finding> write() throws IOException {
        Document document = new Document("Left to right against masked diffusion");
        document.paragraph("The experiments D0 to D3 on the claims of Kim et al. 2025 (arXiv 2510.04146), as `ricci study"
            + " arm-vs-dlm` ran them" + (plan.quick() ? " in its quick version: sizes at which the numbers mean nothing" : "")
            + ". Intervals are 95 % by Student's t over seeds, or over what is named beside them. Parts that have not been run are"
            + " left out.");
        Document body = new Document("");
        List<Finding> findings = new ArrayList<>();
        new CostReport(folder).add(body);
        findings.addAll(new TimingReport(folder).add(body));
        findings.addAll(new QualityReport(folder).add(body));
        List<List<String>> table = new ArrayList<>(List.of(List.of("expected", "verdict", "numbers")));
        findings.forEach(f -> table.add(List.of(f.claim(), f.verdict(), f.numbers())));
        document.heading("What was expected, and what came out");
        document.table(table);
        document.append(body);
        document.write(folder);
        return findings;
    }
}
