package dev.ricci.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table of {@link Layer#summary()}. */
final class Summary {
    private Summary() {
    }

    static String of(Layer layer) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"path", "type", "shape", "count", "trainable"});
        layer.parameters().forEach((path, p) -> rows.add(new String[] {path, p.storedAs(), p.spec().shape().toString(),
                count(p.size()), p.isTrainable() ? "yes" : "no"}));
        layer.buffers().forEach((path, b) -> rows.add(new String[] {path, b.spec().dtype().name(),
                b.spec().shape().toString(), count(b.spec().shape().size()), "buffer"}));
        long trainable = layer.trainableParameters().values().stream().mapToLong(Parameter::size).sum();
        int[] widths = new int[5];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            String format = "%-" + widths[0] + "s  %-" + widths[1] + "s  %-" + widths[2] + "s  %" + widths[3] + "s  %s%n";
            text.append(String.format(Locale.ROOT, format.replace("%n", "\n"), (Object[]) row));
        }
        return text.append(layer.getClass().getSimpleName()).append(": ").append(count(layer.parameterCount()))
                .append(" parameters, ").append(count(trainable)).append(" trainable\n").toString();
    }

    private static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }
}
