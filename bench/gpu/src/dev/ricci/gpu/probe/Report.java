package dev.ricci.gpu.probe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Rows of one probe: printed as a Markdown table, and appended as JSON lines to the file that the property {@code probe.json} names. */
final class Report {
    private final String probe;
    private final String backend;
    private final List<Map<String, Object>> rows = new ArrayList<>();

    Report(String probe, String backend) {
        this.probe = probe;
        this.backend = backend;
    }

    /** Adds one row: names and values in turn. The row is also written at once, so that a crash later on loses nothing. */
    void row(Object... namesAndValues) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            row.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        rows.add(row);
        appendJson(row);
        System.err.println("[" + backend + "/" + probe + "] " + row);
    }

    /** Prints the table. Columns are those of all rows, in the order in which they first came. */
    void print() {
        List<String> columns = new ArrayList<>();
        for (Map<String, Object> row : rows) {
            for (String name : row.keySet()) {
                if (!columns.contains(name)) {
                    columns.add(name);
                }
            }
        }
        StringBuilder text = new StringBuilder("\n### " + probe + " (" + backend + ")\n\n");
        text.append("| ").append(String.join(" | ", columns)).append(" |\n|").append(" --- |".repeat(columns.size())).append('\n');
        for (Map<String, Object> row : rows) {
            text.append('|');
            for (String name : columns) {
                text.append(' ').append(show(row.get(name))).append(" |");
            }
            text.append('\n');
        }
        System.out.println(text);
    }

    private static String show(Object value) {
        if (value == null) {
            return "";
        }
        if (value instanceof Double d) {
            double size = Math.abs(d);
            return size != 0 && size < 1e-3 ? String.format(Locale.ROOT, "%.2e", d) : String.format(Locale.ROOT, size < 10 ? "%.3f" : "%.1f", d);
        }
        return value.toString().replace('|', '/').replace('\n', ' ');
    }

    private void appendJson(Map<String, Object> row) {
        String file = System.getProperty("probe.json");
        if (file == null) {
            return;
        }
        StringBuilder json = new StringBuilder("{\"probe\":" + quote(probe) + ",\"backend\":" + quote(backend));
        row.forEach((name, value) -> {
            boolean plain = value instanceof Boolean || value instanceof Number n && Double.isFinite(n.doubleValue());
            json.append(',').append(quote(name)).append(':').append(plain ? value.toString() : quote(String.valueOf(value)));
        });
        try {
            Files.writeString(Path.of(file), json.append("}\n"), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }
}
