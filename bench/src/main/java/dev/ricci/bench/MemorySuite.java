package dev.ricci.bench;

import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The most resident memory of a process that makes a few training steps, each contestant in one of its own. */
final class MemorySuite {
    private MemorySuite() {
    }

    static Session.Result run(Session session) throws IOException, InterruptedException {
        if (!Files.isReadable(MemoryProbe.STATUS)) {
            session.progress().println("  memory: skipped, there is no " + MemoryProbe.STATUS + " here");
            return new Session.Result(List.of());
        }
        Workload.TrainStep w = MemoryProbe.workload(session.quick());
        Map<String, Row.Value> peak = new LinkedHashMap<>();
        double allocated = 0;
        List<String> names = new ArrayList<>(List.of(RicciContestant.NAME));
        session.peers().forEach(p -> names.addAll(p.contestants(w, session.threads()).keySet()));
        for (String name : names) {
            Map<String, Object> found = probe(name, session);
            peak.put(name, Row.Value.of(((Number) found.get("peak_mb")).doubleValue()));
            if (name.equals(RicciContestant.NAME)) {
                allocated = ((Number) found.get("allocated_mb_per_step")).doubleValue();
            }
        }
        Row.Value ours = peak.remove(RicciContestant.NAME);
        List<Row> rows = new ArrayList<>();
        rows.add(session.done(new Row("peak resident memory, training " + w.title(), session.threads(), "MB", ours,
                peak, "", "", Double.NaN)));
        rows.add(session.done(new Row("allocated a step, training " + w.title(), session.threads(), "MB",
                Row.Value.of(allocated), Map.of(), "", "", Double.NaN)));
        return new Session.Result(rows);
    }

    /** Runs {@link MemoryProbe} in a process with this one's flags. */
    private static Map<String, Object> probe(String name, Session session)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        // The share of every command but this one, whose process also holds the peers.
        command.replaceAll(flag -> flag.startsWith("-XX:MaxRAMPercentage") ? "-XX:MaxRAMPercentage=75" : flag);
        System.gc();
        if (!name.equals(RicciContestant.NAME)) {
            // The Java heap is none of the peer's: keep it small, and give back what made the weights.
            command.remove("-XX:+UseParallelGC");
            command.removeIf(flag -> flag.startsWith("-XX:MaxNewSize"));
            command.addAll(List.of("-XX:+UseSerialGC", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=10"));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MemoryProbe.class.getName(), name,
                Boolean.toString(session.quick()), Integer.toString(session.threads())));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int code = process.waitFor();
        if (code != 0) {
            throw new IOException("the process that measures the memory of " + name + " ended with " + code);
        }
        return Json.parseObject(out.substring(out.lastIndexOf('\n') + 1), "memory of " + name);
    }
}
