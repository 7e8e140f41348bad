package dev.ricci.examples.study;

import dev.ricci.examples.CommonOptions;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a part of a study has measured: a file with one JSON object a line. The first holds the settings, each of the others a
 * unit of work that is done with its rows. A study that was cut off leaves out the units that are there.
 */
final class StudyLog {
    private static final String UNIT = "unit";
    private static final String ROWS = "rows";
    private static final String SETTINGS = "settings";

    /**
     * A piece of work of some seconds or a minute.
     *
     * @param name of its own within a part
     * @param work what it does
     */
    record Unit(String name, Work work) {
    }

    /** What a unit does. */
    interface Work {
        List<Map<String, Object>> run() throws Exception;
    }

    /** What a part has measured under its names. */
    record Row(Map<String, Object> values) {
        String text(String name) {
            return (String) value(name);
        }

        double number(String name) {
            return ((Number) value(name)).doubleValue();
        }

        int whole(String name) {
            return (int) number(name);
        }

        boolean is(String name, Object value) {
            Object mine = values.get(name);
            return mine instanceof Number a && value instanceof Number b ? a.doubleValue() == b.doubleValue()
                : value.equals(mine);
        }

        private Object value(String name) {
            Object value = values.get(name);
            if (value == null) {
                throw new FormatException("study: a row has no " + name + ": " + values + "; made by another version? Write to"
                    + " an empty folder");
            }
            return value;
        }
    }

    private StudyLog() {
    }

    private static Path file(Path folder, String part) {
        return folder.resolve(part + ".jsonl");
    }

    /**
     * Does the units that are not done yet, until the user wants to stop.
     *
     * @return whether all are done
     */
    static boolean run(Path folder, String part, Map<String, Object> settings, List<Unit> units, CommonOptions options)
            throws Exception {
        Files.createDirectories(folder);
        Path file = file(folder, part);
        List<Map<String, Object>> lines = read(file);
        if (lines.isEmpty()) {
            AtomicFiles.writeString(file, Json.write(Map.of(SETTINGS, settings)) + "\n");
        } else {
            Object before = Json.parse(Json.write(settings));
            if (!before.equals(lines.getFirst().get(SETTINGS))) {
                throw new TensorException("study: " + file + " was begun with other settings, " + lines.getFirst().get(SETTINGS)
                    + " in place of " + before + "; give another --out, or remove the file");
            }
            // Without a last line that was cut off.
            StringBuilder whole = new StringBuilder();
            lines.forEach(line -> whole.append(Json.write(line)).append('\n'));
            AtomicFiles.writeString(file, whole.toString());
        }
        List<Object> done = lines.stream().map(line -> line.get(UNIT)).toList();
        for (Unit unit : units) {
            if (done.contains(unit.name)) {
                continue;
            }
            if (options.stopRequest().requested()) {
                return false;
            }
            long start = System.nanoTime();
            Map<String, Object> line = new LinkedHashMap<>();
            line.put(UNIT, unit.name);
            line.put(ROWS, unit.work.run());
            double seconds = (System.nanoTime() - start) / 1e9;
            line.put("seconds", seconds);
            Files.writeString(file, Json.write(line) + "\n", StandardCharsets.UTF_8, StandardOpenOption.APPEND);
            options.out().printf("%s %s: %.1f s%n", part, unit.name, seconds);
        }
        return true;
    }

    /** The rows of a part, in the order in which they were measured; none if it was not run. */
    static List<Row> rows(Path folder, String part) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Map<String, Object> line : read(file(folder, part))) {
            if (line.get(ROWS) instanceof List<?> list) {
                for (Object row : list) {
                    Map<String, Object> values = new LinkedHashMap<>();
                    ((Map<?, ?>) row).forEach((k, v) -> values.put((String) k, v));
                    rows.add(new Row(values));
                }
            }
        }
        return rows;
    }

    /** The settings of a part; empty if it was not run. */
    static Map<String, Object> settings(Path folder, String part) throws IOException {
        List<Map<String, Object>> lines = read(file(folder, part));
        Map<String, Object> settings = new LinkedHashMap<>();
        if (!lines.isEmpty() && lines.getFirst().get(SETTINGS) instanceof Map<?, ?> map) {
            map.forEach((k, v) -> settings.put((String) k, v));
        }
        return settings;
    }

    /** All whole lines of a file. */
    private static List<Map<String, Object>> read(Path file) throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        if (Files.exists(file)) {
            String text = Files.readString(file);
            for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                lines.add(Json.parseObject(line, file.toString()));
            }
        }
        return lines;
    }
}
