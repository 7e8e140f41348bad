package dev.ricci.models.chat.jinja;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** JSON with the spaces of Python's writer, which models have seen in training. Every character stays as it is. */
final class JsonText {
    private final Text.Builder out;
    private final Budget budget;
    private final String indent;
    private final boolean sorted;
    private final String betweenItems;
    private final String afterKey;
    private int depth;

    private JsonText(Budget budget, String indent, boolean sorted, String betweenItems, String afterKey) {
        this.out = new Text.Builder(budget);
        this.budget = budget;
        this.indent = indent;
        this.sorted = sorted;
        this.betweenItems = betweenItems;
        this.afterKey = afterKey;
    }

    static Text of(Object value, Arguments in, Budget budget) {
        boolean ascii = Values.isTrue(in.next("ensure_ascii", false));
        Object indent = in.next("indent", Values.NONE);
        if (ascii) {
            throw Values.error("'tojson' with ensure_ascii is not supported");
        }
        Object separators = in.next("separators", Values.NONE);
        if (separators == Values.NONE) {
            separators = List.of(Text.own(indent == Values.NONE ? ", " : ","), Text.own(": "));
        }
        if (!(separators instanceof List<?> l && l.size() == 2 && l.get(0) instanceof Text items
                && l.get(1) instanceof Text key)) {
            throw Values.error("'tojson': separators must be two texts");
        }
        boolean sorted = Values.isTrue(in.next("sort_keys", false));
        JsonText json = new JsonText(budget, indent instanceof Long n
                ? ((Text) Arithmetic.multiply(Text.own(" "), n, budget)).chars() : null, sorted, items.chars(), key.chars());
        json.write(value);
        return json.out.text();
    }

    private void write(Object value) {
        budget.enter();
        switch (value) {
            case Text t -> out.add(t.like(quoted(t.chars())));
            case Long n -> out.own(n.toString());
            case Double d -> out.own(Values.written(d));
            case Boolean b -> out.own(b ? "true" : "false");
            case List<?> l -> list(l);
            case Map<?, ?> m -> map(m);
            default -> {
                if (value != Values.NONE) {
                    throw Values.error("'tojson' does not take " + Values.kind(value));
                }
                out.own("null");
            }
        }
        budget.leave();
    }

    private void list(List<?> l) {
        out.own("[");
        depth++;
        for (int i = 0; i < l.size(); i++) {
            separate(i == 0);
            write(l.get(i));
        }
        depth--;
        close(l.isEmpty());
        out.own("]");
    }

    private void map(Map<?, ?> m) {
        out.own("{");
        depth++;
        boolean first = true;
        for (Map.Entry<?, ?> e : sorted ? new TreeMap<>(m).entrySet() : m.entrySet()) {
            separate(first);
            first = false;
            write(e.getKey() instanceof Text key ? key : Values.text(e.getKey(), budget));
            out.own(afterKey);
            write(e.getValue());
        }
        depth--;
        close(m.isEmpty());
        out.own("}");
    }

    private void separate(boolean first) {
        out.own(first ? "" : betweenItems);
        line();
    }

    private void close(boolean empty) {
        if (!empty) {
            line();
        }
    }

    private void line() {
        if (indent != null) {
            out.own("\n");
            for (int i = 0; i < depth; i++) {
                out.own(indent);
            }
        }
    }

    private static String quoted(String s) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        return out.append('"').toString();
    }
}
