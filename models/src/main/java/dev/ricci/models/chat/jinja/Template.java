package dev.ricci.models.chat.jinja;

import dev.ricci.models.chat.jinja.Values.Function;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.time.ZonedDateTime;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * A template in the part of the Jinja language that chat templates are written in, rendered as chat templates are: line
 * feeds after statements and white space before them dropped, {@code raise_exception}, {@code strftime_now} and a
 * {@code tojson} that escapes nothing for HTML. Immutable.
 *
 * <p>A template sees texts, numbers, truth values, lists and dictionaries alone, and what it may compute and write is
 * limited.
 */
public final class Template {
    /** The longest template that is read, in characters. */
    static final int MAX_LENGTH = 1 << 20;

    private final List<Statement> statements;

    private Template(List<Statement> statements) {
        this.statements = statements;
    }

    /**
     * What was written.
     *
     * @param text all of it
     * @param foreign which of its chars come from the variables that are foreign
     */
    public record Rendered(String text, BitSet foreign) {
    }

    /**
     * Reads a template.
     *
     * @throws FormatException if it is malformed, or has something that is not supported
     */
    public static Template parse(String source) {
        if (source.length() > MAX_LENGTH) {
            throw new FormatException("chat template: " + source.length() + " characters are too many, the limit is "
                    + MAX_LENGTH);
        }
        return new Template(Parser.parse(source));
    }

    /**
     * Writes a text.
     *
     * @param own variables whose texts count as written by the template
     * @param foreign variables whose texts do not
     * @param clock what {@code strftime_now} shows
     * @throws TensorException if the template refuses the variables, does what is not defined, or more than it may
     */
    public Rendered render(Map<String, ?> own, Map<String, ?> foreign, Supplier<ZonedDateTime> clock) {
        Budget budget = new Budget();
        Map<String, Object> variables = functions(budget, clock);
        foreign.forEach((name, value) -> variables.put(name, Values.foreign(value)));
        own.forEach((name, value) -> variables.put(name,
                value instanceof String s ? Text.own(s) : Values.foreign(value)));
        Text text = new Interpreter(budget).run(statements, variables);
        return new Rendered(text.chars(), text.foreign());
    }

    private static Map<String, Object> functions(Budget budget, Supplier<ZonedDateTime> clock) {
        Map<String, Object> all = new HashMap<>();
        all.put("raise_exception", (Function) (positional, named) -> {
            throw new TensorException("chat template: "
                    + (positional.isEmpty() ? "it refuses the messages" : positional.getFirst()));
        });
        all.put("strftime_now", (Function) (positional, named) -> {
            Arguments in = new Arguments("strftime_now", positional, named);
            return Text.own(Dates.format(clock.get(), in.next("format").toString()));
        });
        all.put("namespace", (Function) (positional, named) -> {
            if (!positional.isEmpty()) {
                throw Values.error("'namespace' takes named arguments alone");
            }
            return new Values.Namespace(new LinkedHashMap<>(named));
        });
        all.put("dict", (Function) (positional, named) -> {
            if (!positional.isEmpty()) {
                throw Values.error("'dict' takes named arguments alone");
            }
            Map<Object, Object> map = new LinkedHashMap<>();
            named.forEach((name, value) -> map.put(Text.own(name), value));
            return map;
        });
        all.put("range", (Function) (positional, named) -> range(new Arguments("range", positional, named),
                positional.size(), budget));
        return all;
    }

    private static List<Object> range(Arguments in, int given, Budget budget) {
        long first = in.whole("start", 0);
        long start = given < 2 ? 0 : first;
        long stop = given < 2 ? first : in.whole("stop", 0);
        long step = given < 3 ? 1 : in.whole("step", 1);
        in.end();
        if (step == 0 || Math.abs(step) > Budget.LIMIT || Math.abs(start) > Budget.LIMIT || Math.abs(stop) > Budget.LIMIT) {
            throw Values.error("'range' from " + start + " to " + stop + " by " + step + " is not supported");
        }
        long count = Math.max(0, Math.ceilDiv(stop - start, step));
        budget.spend(20 * count);
        return LongStream.range(0, count).<Object>mapToObj(i -> start + i * step).toList();
    }
}
