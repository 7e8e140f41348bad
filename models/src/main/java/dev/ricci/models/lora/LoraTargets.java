package dev.ricci.models.lora;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Which linear layers of a model get an adapter, by their paths; the kinds and rules are those of PEFT. */
public sealed interface LoraTargets {
    /** The output head, which is no target: its weight is used apart from its layer, and may be the embedding's. */
    String HEAD = "lm_head";

    /** Every linear layer but the output head. */
    record AllLinear() implements LoraTargets {
    }

    /**
     * Layers whose path is one of these names or ends with one behind a dot.
     *
     * @param names such as {@code q_proj}, or {@code mlp.up_proj}
     */
    record Names(List<String> names) implements LoraTargets {
        /** Checks that there is one, and none is empty. */
        public Names {
            names = List.copyOf(names);
            if (names.isEmpty() || names.stream().anyMatch(String::isBlank)) {
                throw new TensorException("lora: targets must be one name or more, none of them empty, got " + names);
            }
        }
    }

    /**
     * Layers whose whole path fits a regular expression.
     *
     * @param regex such as {@code .*layers\.[0-3]\..*q_proj}
     */
    record Regex(String regex) implements LoraTargets {
        /** Checks the syntax. */
        public Regex {
            try {
                Pattern.compile(regex);
            } catch (PatternSyntaxException e) {
                throw new TensorException("lora: the targets '" + regex + "' are no regular expression: "
                        + e.getDescription(), e);
            }
        }
    }

    /** {@link Names}. */
    static LoraTargets names(String... names) {
        return new Names(List.of(names));
    }

    /**
     * As people write it: {@code all-linear}; or names with commas between them; or, if it holds a character that no name
     * has, a regular expression.
     */
    static LoraTargets parse(String text) {
        if (text.equals("all-linear")) {
            return new AllLinear();
        }
        return text.matches("[\\w.,-]*") ? names(text.split(",", -1)) : new Regex(text);
    }

    /** Whether the layer at a path is a target. */
    default boolean matches(String path) {
        return switch (this) {
            case AllLinear _ -> !isHead(path);
            case Names(List<String> names) -> names.stream().anyMatch(n -> path.equals(n) || path.endsWith("." + n));
            case Regex(String regex) -> Pattern.matches(regex, path);
        };
    }

    /** Whether the layer at a path is the output head. */
    static boolean isHead(String path) {
        return path.equals(HEAD) || path.endsWith("." + HEAD);
    }

    /** The value of {@code target_modules} in PEFT's configuration. */
    default Object toJson() {
        return switch (this) {
            case AllLinear _ -> "all-linear";
            case Names(List<String> names) -> names;
            case Regex(String regex) -> regex;
        };
    }

    /**
     * The targets that {@link #toJson} gave.
     *
     * @param source named in errors
     * @throws FormatException if it is neither a text nor a list of texts
     */
    static LoraTargets ofJson(Object json, String source) {
        return switch (json) {
            case String s when s.equals("all-linear") -> new AllLinear();
            case String s -> new Regex(s);
            case List<?> list when list.stream().allMatch(String.class::isInstance) ->
                new Names(list.stream().map(String.class::cast).toList());
            case null, default -> throw new FormatException(source + ": target_modules must be a text or a list of texts,"
                    + " got " + json);
        };
    }
}
