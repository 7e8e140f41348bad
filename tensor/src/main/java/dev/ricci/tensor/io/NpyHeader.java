package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.List;

/** The header of an npy file: a Python dictionary literal with the keys descr, fortran_order and shape, each once. */
final class NpyHeader {
    private final String text;
    private final String source;
    private int at;
    private String descr;
    private Boolean fortranOrder;
    private long[] shape;

    NpyHeader(String text, String source) {
        this.text = text;
        this.source = source;
        expect('{');
        while (!next('}')) {
            entry();
            if (!next(',')) {
                expect('}');
                break;
            }
        }
        space();
        if (at != text.length()) {
            throw error("text after the dictionary");
        }
        if (descr == null || fortranOrder == null || shape == null) {
            throw error("needs the keys 'descr', 'fortran_order' and 'shape'");
        }
    }

    /** The element type, such as {@code <f4}. */
    String descr() {
        return descr;
    }

    /** Whether the first axis varies fastest. */
    boolean fortranOrder() {
        return fortranOrder;
    }

    /** The sizes. */
    long[] shape() {
        return shape;
    }

    private void entry() {
        String key = string();
        expect(':');
        switch (key) {
            case "descr" -> {
                once(key, descr);
                descr = string();
            }
            case "fortran_order" -> {
                once(key, fortranOrder);
                fortranOrder = truth();
            }
            case "shape" -> {
                once(key, shape);
                shape = tuple();
            }
            default -> throw error("unknown key '" + Json.abbreviate(key) + "'");
        }
    }

    private void once(String key, Object already) {
        if (already != null) {
            throw error("the key '" + key + "' appears twice");
        }
    }

    private String string() {
        space();
        char quote = at < text.length() ? text.charAt(at) : 0;
        int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
        if (end < 0) {
            throw error("expected a string in quotes; arrays of records are not read");
        }
        String s = text.substring(at + 1, end);
        if (s.indexOf('\\') >= 0) {
            throw error("escapes in strings are not read");
        }
        at = end + 1;
        return s;
    }

    private boolean truth() {
        space();
        for (String word : List.of("True", "False")) {
            if (text.startsWith(word, at)) {
                at += word.length();
                return word.equals("True");
            }
        }
        throw error("expected True or False");
    }

    private long[] tuple() {
        expect('(');
        List<Long> sizes = new ArrayList<>();
        boolean comma = true;
        while (!next(')')) {
            if (!comma) {
                throw error("expected ',' or ')'");
            }
            sizes.add(integer());
            comma = next(',');
        }
        if (sizes.size() == 1 && !comma) {
            throw error("a shape of one axis must be written (n,)");
        }
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    private long integer() {
        space();
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        try {
            return Long.parseLong(text, start, at, 10);
        } catch (NumberFormatException e) {
            throw error("expected a size of at most 64 bits");
        }
    }

    private void expect(char c) {
        if (!next(c)) {
            throw error("expected '" + c + "'");
        }
    }

    private boolean next(char c) {
        space();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void space() {
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\n')) {
            at++;
        }
    }

    private FormatException error(String what) {
        return new FormatException(source + ": not a valid npy header: " + what + ", at character " + at + " of "
                + Json.abbreviate(text.strip()));
    }
}
