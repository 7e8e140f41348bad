package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Token.Kind;
import dev.ricci.tensor.FormatException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with the white space that chat templates are rendered with: the line feed after a statement
 * or comment is dropped (Jinja's trim_blocks), and so is the white space between the start of a line and one
 * (lstrip_blocks).
 */
final class Lexer {
    private static final List<String> OPERATORS = List.of("//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~",
            "<", ">", "=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|");
    private static final Pattern OPEN = Pattern.compile("\\{[{%#]");
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*-?%\\}");
    private static final Pattern END_RAW = Pattern.compile("\\{%(-?)\\s*endraw\\s*(-?)%\\}");
    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?([eE][+-]?\\d+)?");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_]\\w*");
    private static final int MAX_DIGITS = 18;

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int counted;
    /** How the tag before ended: '-' takes all white space behind it, '%' one line feed, ' ' nothing. */
    private char before = ' ';

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> read(String template) {
        String text = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
        lexer.read();
        return lexer.tokens;
    }

    private void read() {
        Matcher open = OPEN.matcher(source);
        while (open.find(at)) {
            int tag = open.start();
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            Matcher raw = RAW.matcher(source).region(tag, source.length());
            data(tag, sign == '-' ? '-' : sign == '+' || kind == '{' ? ' ' : '%');
            if (kind == '#') {
                int end = source.indexOf("#}", tag + 2);
                if (end < 0) {
                    throw error("a comment has no end #}");
                }
                before = end > tag + 2 && source.charAt(end - 1) == '-' ? '-'
                        : end > tag + 2 && source.charAt(end - 1) == '+' ? ' ' : '%';
                at = end + 2;
            } else if (raw.lookingAt()) {
                raw(raw);
            } else {
                add(kind == '{' ? Kind.OUTPUT : Kind.STATEMENT, "", tag);
                at = tag + (sign == '-' || sign == '+' ? 3 : 2);
                code(kind == '{' ? "}}" : "%}");
            }
        }
        data(source.length(), ' ');
        add(Kind.END, "", source.length());
    }

    /** The text up to a tag, of which the tag before and this one take white space away. */
    private void data(int to, char after) {
        int from = at;
        if (before == '-') {
            while (from < to && Text.isSpace(source.charAt(from))) {
                from++;
            }
        } else if (before == '%' && from < to && source.charAt(from) == '\n') {
            from++;
        }
        int end = to;
        if (after == '-') {
            while (end > from && Text.isSpace(source.charAt(end - 1))) {
                end--;
            }
        } else if (after == '%') {
            int start = end;
            while (start > from && source.charAt(start - 1) != '\n' && Text.isSpace(source.charAt(start - 1))) {
                start--;
            }
            end = start == 0 || source.charAt(start - 1) == '\n' ? start : end;
        }
        if (end > from) {
            add(Kind.DATA, source.substring(from, end), from);
        }
    }

    private void raw(Matcher start) {
        Matcher end = END_RAW.matcher(source).region(start.end(), source.length());
        if (!end.find()) {
            throw error("a raw block has no end");
        }
        before = source.charAt(start.end() - 3) == '-' ? '-' : '%';
        at = start.end();
        data(end.start(), end.group(1).isEmpty() ? '%' : '-');
        before = end.group(2).isEmpty() ? '%' : '-';
        at = end.end();
    }

    private void code(String close) {
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
                at++;
            }
            if (at >= source.length()) {
                throw error("a tag has no end " + close);
            }
            char c = source.charAt(at);
            boolean signed = c == '-' || c == '+' && close.equals("%}");
            if (open.isEmpty() && source.startsWith(close, at + (signed ? 1 : 0))) {
                add(Kind.CLOSE, close, at);
                at += close.length() + (signed ? 1 : 0);
                before = c == '-' ? '-' : signed || close.equals("}}") ? ' ' : '%';
                return;
            }
            token(c, open);
        }
    }

    private void token(char c, Deque<Character> open) {
        if (c == '\'' || c == '"') {
            string(c);
            return;
        }
        Matcher name = NAME.matcher(source).region(at, source.length());
        Matcher number = NUMBER.matcher(source).region(at, source.length());
        if (name.lookingAt()) {
            add(Kind.NAME, name.group(), at);
            at = name.end();
        } else if (number.lookingAt()) {
            boolean whole = number.group(1) == null && number.group(2) == null;
            if (number.group().length() > MAX_DIGITS) {
                throw error("the number " + number.group() + " is too long");
            }
            add(whole ? Kind.INTEGER : Kind.FLOAT, number.group(), at);
            at = number.end();
        } else {
            String operator = OPERATORS.stream().filter(o -> source.startsWith(o, at)).findFirst()
                    .orElseThrow(() -> error("the character '" + c + "' has no meaning here"));
            bracket(c, open);
            add(Kind.OPERATOR, operator, at);
            at += operator.length();
        }
    }

    /** What ends a tag outside brackets is two brackets inside them. */
    private void bracket(char c, Deque<Character> open) {
        switch (c) {
            case '(' -> open.push(')');
            case '[' -> open.push(']');
            case '{' -> open.push('}');
            case ')', ']', '}' -> {
                if (open.isEmpty() || open.pop() != c) {
                    throw error("the bracket '" + c + "' closes nothing");
                }
            }
            default -> {
            }
        }
    }

    private void string(char quote) {
        StringBuilder value = new StringBuilder();
        int start = at;
        for (at++; at < source.length() && source.charAt(at) != quote; at++) {
            char c = source.charAt(at);
            if (c == '\\' && at + 1 < source.length()) {
                at++;
                escape(value);
            } else {
                value.append(c);
            }
        }
        if (at >= source.length()) {
            throw error("a string has no end");
        }
        at++;
        add(Kind.STRING, value.toString(), start);
    }

    private void escape(StringBuilder value) {
        char c = source.charAt(at);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'v' -> value.append('\u000B');
            case 'a' -> value.append('\u0007');
            case '0' -> value.append('\0');
            case '\\', '\'', '"' -> value.append(c);
            case '\n' -> {
            }
            case 'x' -> code(value, 2);
            case 'u' -> code(value, 4);
            case 'U' -> code(value, 8);
            default -> value.append('\\').append(c);
        }
    }

    private void code(StringBuilder value, int digits) {
        try {
            value.appendCodePoint(Integer.parseInt(source, at + 1, at + 1 + digits, 16));
            at += digits;
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw error("a string has an escape that is no character");
        }
    }

    private void add(Kind kind, String text, int from) {
        for (; counted < from; counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
        tokens.add(new Token(kind, text, line));
    }

    private FormatException error(String what) {
        return new FormatException("chat template: line " + line + ": " + what);
    }
}
