package dev.ricci.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Rows as a table in Markdown whose columns also line up on a terminal. */
final class Table {
    private Table() {
    }

    static String of(List<Row> rows) {
        Set<String> peers = new LinkedHashSet<>();
        rows.forEach(r -> peers.addAll(r.peers().keySet()));
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("", "threads", RicciContestant.NAME));
        head.addAll(peers);
        head.addAll(List.of("ratio to best peer", "Ricci's rate", "of limit"));
        cells.add(head);
        for (Row r : rows) {
            List<String> line = new ArrayList<>(List.of(r.name(), Integer.toString(r.threads()),
                    number(r.ours().median()) + " " + r.unit()));
            for (String peer : peers) {
                Row.Value value = r.peers().get(peer);
                line.add(value == null ? "" : number(value.median()));
            }
            line.add(Double.isNaN(r.ratioToBestPeer()) ? "" : ratio(r.ratioToBestPeer()));
            line.add(r.rate());
            line.add(Double.isNaN(r.fractionOfLimit()) ? "" : String.format(Locale.ROOT, "%.0f %% %s",
                    100 * r.fractionOfLimit(), r.limit()));
            cells.add(line);
        }
        return format(cells);
    }

    private static String format(List<List<String>> cells) {
        int columns = cells.getFirst().size();
        StringBuilder s = new StringBuilder();
        for (int row = 0; row < cells.size(); row++) {
            for (int column = 0; column < columns; column++) {
                int at = column;
                int width = cells.stream().mapToInt(line -> line.get(at).length()).max().orElseThrow();
                String cell = cells.get(row).get(column);
                String space = " ".repeat(width - cell.length());
                // Names to the left, numbers to the right.
                s.append("| ").append(column == 0 ? cell + space : space + cell).append(' ');
            }
            s.append("|\n");
            if (row == 0) {
                s.append("|---").append("|---:".repeat(columns - 1)).append("|\n");
            }
        }
        return s.toString();
    }

    static String ratio(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    /** Three significant digits, or all before the point. */
    static String number(double value) {
        int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
