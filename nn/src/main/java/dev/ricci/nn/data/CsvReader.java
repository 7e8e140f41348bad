package dev.ricci.nn.data;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.List;

/** Cuts a CSV text into records of equally many fields. */
final class CsvReader {
    private final String text;
    private final String source;
    private int at;
    private int line = 1;

    CsvReader(String text, String source) {
        this.text = text;
        this.source = source;
    }

    List<List<String>> records() {
        List<List<String>> records = new ArrayList<>();
        while (at < text.length()) {
            int start = line;
            List<String> fields = new ArrayList<>();
            do {
                fields.add(field());
            } while (next(','));
            if (at < text.length() && !lineBreak()) {
                throw error(line, "expected ',' or the end of the line after a quoted field");
            }
            if (!records.isEmpty() && fields.size() != records.getFirst().size()) {
                throw error(start, "has " + fields.size() + " fields, the first line has "
                        + records.getFirst().size());
            }
            records.add(List.copyOf(fields));
        }
        return records;
    }

    private String field() {
        if (at < text.length() && text.charAt(at) == '"') {
            return quoted();
        }
        int start = at;
        while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
            if (text.charAt(at) == '"') {
                throw error(line, "a quote inside a field that does not begin with one");
            }
            at++;
        }
        return text.substring(start, at);
    }

    private String quoted() {
        int start = line;
        StringBuilder field = new StringBuilder();
        at++;
        while (true) {
            if (at == text.length()) {
                throw error(start, "a quoted field is never closed");
            }
            char c = text.charAt(at++);
            if (c == '\n') {
                line++;
            }
            if (c != '"') {
                field.append(c);
            } else if (!next('"')) {
                return field.toString();
            } else {
                field.append('"');
            }
        }
    }

    private boolean lineBreak() {
        int before = at;
        next('\r');
        if (next('\n') || at == text.length()) {
            line++;
            return true;
        }
        at = before;
        return false;
    }

    private boolean next(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private FormatException error(int where, String what) {
        return new FormatException(source + ": line " + where + ": " + what);
    }
}
