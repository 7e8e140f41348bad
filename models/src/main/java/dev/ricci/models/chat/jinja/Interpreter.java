package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Statement.Target;
import dev.ricci.models.chat.jinja.Values.Function;
import dev.ricci.models.chat.jinja.Values.Namespace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the statements of a template once. */
final class Interpreter {
    private final Budget budget;
    private final Evaluator evaluator;
    private Text.Builder out;

    /** How a statement ended. */
    private enum Flow {
        NEXT, BREAK, CONTINUE
    }

    /** Variables, and those around them. */
    record Scope(Map<String, Object> values, Scope outer) {
        Scope inner() {
            return new Scope(new HashMap<>(), this);
        }

        Object find(String name) {
            for (Scope s = this; s != null; s = s.outer) {
                Object value = s.values.get(name);
                if (value != null) {
                    return value;
                }
            }
            return new Values.Undefined(name);
        }
    }

    Interpreter(Budget budget) {
        this.budget = budget;
        this.evaluator = new Evaluator(budget);
        this.out = new Text.Builder(budget);
    }

    Text run(List<Statement> body, Map<String, Object> variables) {
        run(body, new Scope(new HashMap<>(variables), null));
        return out.text();
    }

    private Flow run(List<Statement> body, Scope scope) {
        for (Statement s : body) {
            budget.enter();
            Flow flow = run(s, scope);
            budget.leave();
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement s, Scope scope) {
        switch (s) {
            case Statement.Data d -> out.add(d.text());
            case Statement.Output o -> out.add(Values.text(evaluator.value(o.value(), scope), budget));
            case Statement.Assign a -> assign(a.target(), evaluator.value(a.value(), scope), scope);
            case Statement.Capture c -> assign(c.target(), written(c.body(), scope.inner()), scope);
            case Statement.Macro m -> scope.values.put(m.name(), macro(m, scope));
            case Statement.If i -> {
                for (Statement.Branch b : i.branches()) {
                    if (Values.isTrue(evaluator.value(b.condition(), scope))) {
                        return run(b.body(), scope);
                    }
                }
                return run(i.otherwise(), scope);
            }
            case Statement.Body b -> {
                return run(b.statements(), scope);
            }
            case Statement.For f -> loop(f, scope);
            case Statement.Break b -> {
                return Flow.BREAK;
            }
            case Statement.Continue c -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void loop(Statement.For f, Scope scope) {
        List<Object> items = Values.items(evaluator.value(f.items(), scope), budget);
        if (f.condition() != null) {
            items = items.stream().filter(item -> {
                Scope inner = scope.inner();
                assign(f.target(), item, inner);
                return Values.isTrue(evaluator.value(f.condition(), inner));
            }).toList();
        }
        for (int i = 0; i < items.size(); i++) {
            // A variable that the body sets is gone with the next item.
            Scope inner = scope.inner();
            inner.values.put("loop", new Values.Loop(items, i));
            assign(f.target(), items.get(i), inner);
            if (run(f.body(), inner) == Flow.BREAK) {
                return;
            }
        }
        if (items.isEmpty()) {
            run(f.otherwise(), scope.inner());
        }
    }

    /** What a body writes. */
    private Text written(List<Statement> body, Scope scope) {
        Text.Builder outer = out;
        out = new Text.Builder(budget);
        run(body, scope);
        Text text = out.text();
        out = outer;
        return text;
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable v -> scope.values.put(v.name(), value);
            case Target.Attribute a -> {
                if (!(scope.find(a.namespace()) instanceof Namespace namespace)) {
                    throw Values.error("'" + a.namespace() + "." + a.name() + "' cannot be set: '" + a.namespace()
                            + "' is no namespace");
                }
                namespace.values().put(a.name(), value);
            }
            case Target.Several s -> {
                List<Object> items = Values.items(value, budget);
                if (items.size() != s.targets().size()) {
                    throw Values.error(items.size() + " values cannot be given to " + s.targets().size() + " variables");
                }
                for (int i = 0; i < items.size(); i++) {
                    assign(s.targets().get(i), items.get(i), scope);
                }
            }
        }
    }

    private Function macro(Statement.Macro m, Scope scope) {
        return (positional, named) -> {
            Arguments in = new Arguments(m.name(), positional, named);
            Scope inner = scope.inner();
            for (Statement.Parameter p : m.parameters()) {
                Object value = in.next(p.name(), null);
                if (value == null) {
                    value = p.otherwise() == null ? new Values.Undefined(p.name())
                            : evaluator.value(p.otherwise(), inner);
                }
                inner.values.put(p.name(), value);
            }
            in.end();
            return written(m.body(), inner);
        };
    }
}
