package dev.ricci.models.tokenizer;

import dev.ricci.models.tokenizer.Delimiter.Behavior;
import dev.ricci.tensor.io.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Reads the section {@code pre_tokenizer} of a tokenizer.json. */
final class PreTokenizerReader {
    private final List<PreTokenizer> steps = new ArrayList<>();
    private boolean byteLevel;

    /**
     * What a section describes.
     *
     * @param preTokenizer cuts into words
     * @param byteLevel whether the words become bytes
     */
    record Result(PreTokenizer preTokenizer, boolean byteLevel) {
    }

    /**
     * Reads a section.
     *
     * @throws dev.ricci.tensor.FormatException if it is of another type or has unknown keys
     */
    static Result read(JsonObject s) {
        PreTokenizerReader reader = new PreTokenizerReader();
        reader.add(s);
        return new Result(new PreTokenizer.Sequence(List.copyOf(reader.steps)), reader.byteLevel);
    }

    private void add(JsonObject s) {
        if (byteLevel) {
            throw s.error("nothing may follow the pre-tokenizer ByteLevel, which makes bytes of words");
        }
        String type = s.text("type");
        switch (type) {
            case "ByteLevel" -> byteLevel(s);
            case "Split" -> split(s);
            case "Whitespace" -> steps.add(new PreTokenizer.Whitespace());
            case "WhitespaceSplit" -> steps.add(new PreTokenizer.Split(Delimiter.Class.SPACE, Behavior.REMOVED));
            case "BertPreTokenizer" -> {
                steps.add(new PreTokenizer.Split(Delimiter.Class.SPACE, Behavior.REMOVED));
                steps.add(new PreTokenizer.Split(Delimiter.Class.PUNCTUATION, Behavior.ISOLATED));
            }
            case "Punctuation" -> steps.add(new PreTokenizer.Split(Delimiter.Class.PUNCTUATION,
                    s.has("behavior") ? behavior(s) : Behavior.ISOLATED));
            case "Digits" -> steps.add(new PreTokenizer.Split(Delimiter.Class.NUMBER,
                    s.flag("individual_digits", false) ? Behavior.ISOLATED : Behavior.CONTIGUOUS));
            case "Metaspace" -> steps.add(metaspace(s));
            case "Sequence" -> s.objects("pretokenizers").forEach(this::add);
            default -> throw s.error("the pre-tokenizer '" + type + "' is not supported; supported are ByteLevel, Split,"
                    + " Whitespace, WhitespaceSplit, BertPreTokenizer, Punctuation, Digits, Metaspace, Sequence");
        }
        s.end();
    }

    private void byteLevel(JsonObject s) {
        s.ignore("trim_offsets");
        if (s.flag("add_prefix_space", true)) {
            steps.add(new PreTokenizer.PrefixSpace());
        }
        if (s.flag("use_regex", true)) {
            steps.add(new PreTokenizer.Pattern(WordPattern.GPT2));
        }
        byteLevel = true;
    }

    private void split(JsonObject s) {
        JsonObject pattern = s.object("pattern");
        boolean invert = s.flag("invert", false);
        Behavior behavior = behavior(s);
        if (!pattern.has("Regex")) {
            if (invert) {
                throw s.error("'invert' with a string is not supported");
            }
            steps.add(new PreTokenizer.Split(new Delimiter.Literal(NormalizerReader.literal(pattern)), behavior));
        } else {
            WordPattern words = WordPattern.of(pattern.text("Regex"), pattern.where());
            // These expressions match every character: each match is a word, or all that lies between is left out.
            if (behavior != Behavior.ISOLATED && !(behavior == Behavior.REMOVED && invert)) {
                throw s.error("the behavior " + s.text("behavior") + (invert ? " inverted" : "")
                        + " is not supported for expressions; supported are Isolated, and Removed inverted");
            }
            steps.add(new PreTokenizer.Pattern(words));
        }
        pattern.end();
    }

    private static Behavior behavior(JsonObject s) {
        String name = s.text("behavior");
        return switch (name) {
            case "Removed" -> Behavior.REMOVED;
            case "Isolated" -> Behavior.ISOLATED;
            case "MergedWithPrevious" -> Behavior.MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> Behavior.MERGED_WITH_NEXT;
            case "Contiguous" -> Behavior.CONTIGUOUS;
            default -> throw s.error("unknown behavior '" + name + "'; one of Removed, Isolated, MergedWithPrevious,"
                    + " MergedWithNext, Contiguous");
        };
    }

    private static PreTokenizer metaspace(JsonObject s) {
        s.ignore("str_rep");
        return new PreTokenizer.Metaspace(character(s, "replacement"), prepend(s), s.flag("split", true));
    }

    /** Where a Metaspace puts a space; files have said it in two ways. */
    static PreTokenizer.Metaspace.Prepend prepend(JsonObject s) {
        boolean old = s.flag("add_prefix_space", true);
        String scheme = s.text("prepend_scheme", old ? "always" : "never");
        if (!old && !scheme.equals("never")) {
            throw s.error("'add_prefix_space' is false but 'prepend_scheme' is " + scheme + "; they contradict");
        }
        return switch (scheme) {
            case "always" -> PreTokenizer.Metaspace.Prepend.ALWAYS;
            case "first" -> PreTokenizer.Metaspace.Prepend.FIRST;
            case "never" -> PreTokenizer.Metaspace.Prepend.NEVER;
            default -> throw s.error("unknown prepend_scheme '" + scheme + "'; one of always, first, never");
        };
    }

    /** The character of a string of one. */
    static char character(JsonObject s, String key) {
        String text = s.text(key);
        if (text.length() != 1) {
            throw s.wrong(key, "one character of the basic plane");
        }
        return text.charAt(0);
    }
}
