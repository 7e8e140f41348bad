package dev.ricci.models.tokenizer;

import dev.ricci.tensor.io.JsonObject;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Reads the section {@code normalizer} of a tokenizer.json. */
final class NormalizerReader {
    private NormalizerReader() {
    }

    /**
     * The normalizer that a section describes.
     *
     * @throws dev.ricci.tensor.FormatException if it is of another type or has unknown keys
     */
    static Normalizer read(JsonObject s) {
        String type = s.text("type");
        Normalizer n = switch (type) {
            case "NFC", "NFD", "NFKC", "NFKD" -> new Normalizer.Unicode(Form.valueOf(type));
            case "Lowercase" -> new Normalizer.Lowercase();
            case "StripAccents" -> new Normalizer.StripAccents();
            case "BertNormalizer" -> bert(s);
            case "Prepend" -> new Normalizer.Prepend(s.text("prepend"));
            case "Replace" -> replace(s);
            case "Strip" -> new Normalizer.Strip(s.flag("strip_left", true), s.flag("strip_right", true));
            case "Precompiled" -> new Normalizer.Precompiled(new CharsMap(base64(s), s.where()));
            case "Sequence" -> {
                List<Normalizer> steps = new ArrayList<>();
                s.objects("normalizers").forEach(step -> steps.add(read(step)));
                yield new Normalizer.Sequence(steps);
            }
            default -> throw s.error("the normalizer '" + type + "' is not supported; supported are NFC, NFD, NFKC, NFKD,"
                    + " Lowercase, StripAccents, BertNormalizer, Prepend, Replace, Strip, Precompiled, Sequence");
        };
        s.end();
        return n;
    }

    private static Normalizer bert(JsonObject s) {
        boolean lowercase = s.flag("lowercase", true);
        // Without a word about accents, lower case says it.
        return new Normalizer.Bert(s.flag("clean_text", true), s.flag("handle_chinese_chars", true),
                s.flag("strip_accents", lowercase), lowercase);
    }

    private static byte[] base64(JsonObject s) {
        try {
            return Base64.getDecoder().decode(s.text("precompiled_charsmap"));
        } catch (IllegalArgumentException e) {
            throw s.error("'precompiled_charsmap' is not base 64");
        }
    }

    private static Normalizer replace(JsonObject s) {
        JsonObject pattern = s.object("pattern");
        String content = s.text("content");
        Normalizer n;
        if (pattern.has("Regex")) {
            String regex = pattern.text("Regex");
            if (!regex.equals(Normalizer.ReplaceSpaces.REGEX)) {
                throw pattern.error("the expression " + regex + " is not supported; supported is "
                        + Normalizer.ReplaceSpaces.REGEX);
            }
            n = new Normalizer.ReplaceSpaces(content);
        } else {
            n = new Normalizer.Replace(literal(pattern), content);
        }
        pattern.end();
        return n;
    }

    /** The string that a pattern consists of. */
    static String literal(JsonObject pattern) {
        String string = pattern.text("String");
        if (string.isEmpty()) {
            throw pattern.error("an empty string is found everywhere; it cannot be a pattern");
        }
        return string;
    }
}
