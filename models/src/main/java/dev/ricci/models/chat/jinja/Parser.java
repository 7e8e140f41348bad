package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Statement.Target;
import dev.ricci.models.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads the statements of a template. */
final class Parser {
    private final ExpressionParser in;
    private int loops;

    private Parser(List<Token> tokens) {
        this.in = new ExpressionParser(tokens);
    }

    static List<Statement> parse(String template) {
        Parser parser = new Parser(Lexer.read(template));
        List<Statement> all = parser.until(Set.of());
        if (parser.in.peek().kind() != Kind.END) {
            throw parser.in.unexpected("the end of the template");
        }
        return all;
    }

    /** Statements up to one of these words, which stays to be read, or the end. */
    private List<Statement> until(Set<String> words) {
        in.enter();
        List<Statement> all = new ArrayList<>();
        while (true) {
            Token t = in.peek();
            switch (t.kind()) {
                case DATA -> all.add(new Statement.Data(Text.own(in.next().text())));
                case OUTPUT -> {
                    in.next();
                    all.add(new Statement.Output(in.tuple()));
                    in.close();
                }
                case STATEMENT -> {
                    in.next();
                    if (words.contains(in.peek().text())) {
                        in.leave();
                        return List.copyOf(all);
                    }
                    all.add(statement());
                }
                case NAME, STRING, INTEGER, FLOAT, OPERATOR, CLOSE, END -> {
                    if (!words.isEmpty()) {
                        throw in.unexpected("one of " + words.stream().sorted().toList());
                    }
                    in.leave();
                    return List.copyOf(all);
                }
            }
        }
    }

    private Statement statement() {
        String word = in.name();
        return switch (word) {
            case "if" -> branches();
            case "for" -> loop();
            case "set" -> assignment();
            case "macro" -> macro();
            case "generation" -> {
                // Marks the model's own words for training; a prompt is the same with and without.
                in.close();
                List<Statement> body = until(Set.of("endgeneration"));
                end("endgeneration");
                yield new Statement.Body(body);
            }
            case "break", "continue" -> {
                if (loops == 0) {
                    throw in.error("'" + word + "' stands outside a loop");
                }
                in.close();
                yield word.equals("break") ? new Statement.Break() : new Statement.Continue();
            }
            default -> throw in.error("the statement '" + word + "' is not supported; supported are break, continue, for,"
                    + " generation, if, macro, set");
        };
    }

    private void end(String word) {
        in.expectName(word);
        in.close();
    }

    private Statement branches() {
        List<Statement.Branch> branches = new ArrayList<>();
        do {
            Expression condition = in.expression();
            in.close();
            branches.add(new Statement.Branch(condition, until(Set.of("elif", "else", "endif"))));
        } while (in.skipName("elif"));
        List<Statement> otherwise = List.of();
        if (in.skipName("else")) {
            in.close();
            otherwise = until(Set.of("endif"));
        }
        end("endif");
        return new Statement.If(List.copyOf(branches), otherwise);
    }

    private Statement loop() {
        Target target = target();
        in.expectName("in");
        Expression items = in.or();
        Expression condition = in.skipName("if") ? in.expression() : null;
        if (in.peek().isName("recursive")) {
            throw in.error("recursive loops are not supported");
        }
        in.close();
        loops++;
        List<Statement> body = until(Set.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = List.of();
        if (in.skipName("else")) {
            in.close();
            otherwise = until(Set.of("endfor"));
        }
        end("endfor");
        return new Statement.For(target, items, condition, body, otherwise);
    }

    private Statement assignment() {
        Target target = target();
        if (in.skipOperator("=")) {
            Expression value = in.tuple();
            in.close();
            return new Statement.Assign(target, value);
        }
        if (in.peek().isOperator("|")) {
            throw in.error("a filter of a set block is not supported; use it where the variable is written");
        }
        in.close();
        List<Statement> body = until(Set.of("endset"));
        end("endset");
        return new Statement.Capture(target, body);
    }

    private Target target() {
        List<Target> targets = new ArrayList<>();
        boolean bracket = in.skipOperator("(");
        do {
            String name = in.name();
            targets.add(in.skipOperator(".") ? new Target.Attribute(name, in.name()) : new Target.Variable(name));
        } while (in.skipOperator(","));
        if (bracket) {
            in.expectOperator(")");
        }
        return targets.size() == 1 ? targets.getFirst() : new Target.Several(List.copyOf(targets));
    }

    private Statement macro() {
        String name = in.name();
        in.expectOperator("(");
        List<Statement.Parameter> parameters = new ArrayList<>();
        while (!in.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                in.expectOperator(",");
            }
            String parameter = in.name();
            parameters.add(new Statement.Parameter(parameter, in.skipOperator("=") ? in.expression() : null));
        }
        in.close();
        int outer = loops;
        loops = 0;
        List<Statement> body = until(Set.of("endmacro"));
        loops = outer;
        end("endmacro");
        return new Statement.Macro(name, List.copyOf(parameters), body);
    }
}
