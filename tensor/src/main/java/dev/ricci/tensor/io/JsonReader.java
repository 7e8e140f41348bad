package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A recursive-descent reader of strict JSON. */
final class JsonReader {
    /** No useful number has more characters; longer ones only cost time. */
    private static final int MAX_NUMBER_LENGTH = 400;

    private final String text;
    private final String source;
    private int at;

    JsonReader(String text, String source) {
        this.text = text;
        this.source = source;
    }

    Object document() {
        space();
        Object value = value(0);
        space();
        if (at < text.length()) {
            throw error("text after the end of the value: " + shown());
        }
        return value;
    }

    private Object value(int depth) {
        if (at == text.length()) {
            throw error("the text ends where a value should be");
        }
        char c = text.charAt(at);
        return switch (c) {
            case '{' -> object(depth + 1);
            case '[' -> array(depth + 1);
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> {
                if (c == '-' || c >= '0' && c <= '9') {
                    yield number();
                }
                throw error("expected a value, got " + shown());
            }
        };
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw error("expected a value, got " + shown());
        }
        at += word.length();
        return value;
    }

    private Map<String, Object> object(int depth) {
        checkDepth(depth);
        Map<String, Object> map = new LinkedHashMap<>();
        at++;
        space();
        if (next('}')) {
            return map;
        }
        while (true) {
            if (at == text.length() || text.charAt(at) != '"') {
                throw error("expected a key in double quotes, got " + shown());
            }
            int start = at;
            String key = string();
            if (map.containsKey(key)) {
                at = start;
                throw error("the key \"" + abbreviated(key) + "\" appears twice");
            }
            space();
            if (!next(':')) {
                throw error("expected ':' after a key, got " + shown());
            }
            space();
            map.put(key, value(depth));
            space();
            if (next('}')) {
                return map;
            }
            if (!next(',')) {
                throw error("expected ',' or '}' in an object, got " + shown());
            }
            space();
        }
    }

    private List<Object> array(int depth) {
        checkDepth(depth);
        List<Object> list = new ArrayList<>();
        at++;
        space();
        if (next(']')) {
            return list;
        }
        while (true) {
            list.add(value(depth));
            space();
            if (next(']')) {
                return list;
            }
            if (!next(',')) {
                throw error("expected ',' or ']' in an array, got " + shown());
            }
            space();
        }
    }

    private void checkDepth(int depth) {
        if (depth > Json.MAX_DEPTH) {
            throw error("nested deeper than " + Json.MAX_DEPTH);
        }
    }

    private Object number() {
        int start = at;
        boolean whole = true;
        next('-');
        if (!next('0')) {
            digits();
        }
        if (next('.')) {
            whole = false;
            digits();
        }
        if (next('e') || next('E')) {
            whole = false;
            if (!next('+')) {
                next('-');
            }
            digits();
        }
        if (at - start > MAX_NUMBER_LENGTH) {
            at = start;
            throw error("a number of more than " + MAX_NUMBER_LENGTH + " characters");
        }
        String token = text.substring(start, at);
        if (whole && !token.equals("-0")) {
            try {
                return Long.parseLong(token);
            } catch (NumberFormatException e) {
                at = start;
                throw error("the integer " + abbreviated(token) + " does not fit 64 bits");
            }
        }
        double value = Double.parseDouble(token);
        if (Double.isInfinite(value)) {
            at = start;
            throw error("the number " + abbreviated(token) + " is larger than a double can be");
        }
        return value;
    }

    private void digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw error("expected a digit, got " + shown());
        }
    }

    private String string() {
        at++;
        int plain = at;
        StringBuilder built = null;
        while (true) {
            if (at == text.length()) {
                throw error("the text ends inside a string");
            }
            char c = text.charAt(at);
            if (c == '"') {
                String tail = text.substring(plain, at++);
                return built == null ? tail : built.append(tail).toString();
            }
            if (c < ' ') {
                throw error(String.format("the control character U+%04X inside a string must be escaped", (int) c));
            }
            if (c == '\\') {
                built = (built == null ? new StringBuilder() : built).append(text, plain, at);
                escape(built);
                plain = at;
            } else if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c) || at + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(at + 1))) {
                    throw error("a lone surrogate inside a string");
                }
                at += 2;
            } else {
                at++;
            }
        }
    }

    private void escape(StringBuilder out) {
        int start = at;
        at++;
        char c = at == text.length() ? 0 : text.charAt(at);
        at++;
        switch (c) {
            case '"', '\\', '/' -> out.append(c);
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'n' -> out.append('\n');
            case 'r' -> out.append('\r');
            case 't' -> out.append('\t');
            case 'u' -> {
                char unit = hex(start);
                out.append(unit);
                if (Character.isHighSurrogate(unit) && text.startsWith("\\u", at)) {
                    at += 2;
                    char low = hex(start);
                    out.append(low);
                    if (Character.isLowSurrogate(low)) {
                        return;
                    }
                }
                if (Character.isSurrogate(unit)) {
                    at = start;
                    throw error("an escaped lone surrogate inside a string");
                }
            }
            default -> {
                at = start;
                throw error("an escape that JSON does not have: " + shown());
            }
        }
    }

    private char hex(int start) {
        int value = 0;
        for (int i = 0; i < 4; i++, at++) {
            // Not Character.digit alone: that takes the digits of every script.
            int digit = at < text.length() && text.charAt(at) < 128 ? Character.digit(text.charAt(at), 16) : -1;
            if (digit < 0) {
                at = start;
                throw error("\\u needs four hexadecimal digits, got " + shown());
            }
            value = value << 4 | digit;
        }
        return (char) value;
    }

    private boolean next(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void space() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return;
            }
            at++;
        }
    }

    private String shown() {
        if (at >= text.length()) {
            return "the end";
        }
        StringBuilder s = new StringBuilder("'");
        text.substring(at, Math.min(text.length(), at + 12)).chars()
                .forEach(c -> s.append(c < ' ' || c > '~' ? String.format("\\u%04x", c) : String.valueOf((char) c)));
        return s.append('\'').toString();
    }

    private static String abbreviated(String s) {
        return s.length() <= 40 ? s : s.substring(0, 40) + "...";
    }

    private FormatException error(String what) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < Math.min(at, text.length()); i++) {
            column++;
            if (text.charAt(i) == '\n') {
                line++;
                column = 1;
            }
        }
        return new FormatException(source + ": not valid JSON: " + what + ", at line " + line + ", column " + column);
    }
}
