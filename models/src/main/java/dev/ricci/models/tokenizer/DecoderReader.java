package dev.ricci.models.tokenizer;

import dev.ricci.tensor.io.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Reads the section {@code decoder} of a tokenizer.json. */
final class DecoderReader {
    private DecoderReader() {
    }

    /**
     * The decoder that a section describes.
     *
     * @throws dev.ricci.tensor.FormatException if it is of another type or has unknown keys
     */
    static TokenDecoder read(JsonObject s) {
        String type = s.text("type");
        TokenDecoder d = switch (type) {
            case "ByteLevel" -> {
                s.ignore("add_prefix_space", "trim_offsets", "use_regex");
                yield new TokenDecoder.ByteLevel();
            }
            case "WordPiece" -> new TokenDecoder.WordPiece(s.text("prefix", "##"), s.flag("cleanup", true));
            case "Metaspace" -> {
                s.ignore("str_rep", "split");
                yield new TokenDecoder.Metaspace(PreTokenizerReader.character(s, "replacement"),
                        PreTokenizerReader.prepend(s) != PreTokenizer.Metaspace.Prepend.NEVER);
            }
            case "ByteFallback" -> new TokenDecoder.ByteFallback();
            case "Fuse" -> new TokenDecoder.Fuse();
            case "Strip" -> strip(s);
            case "Replace" -> replace(s);
            case "Sequence" -> {
                List<TokenDecoder> steps = new ArrayList<>();
                s.objects("decoders").forEach(step -> steps.add(read(step)));
                yield new TokenDecoder.Sequence(steps);
            }
            default -> throw s.error("the decoder '" + type + "' is not supported; supported are ByteLevel, WordPiece,"
                    + " Metaspace, ByteFallback, Fuse, Strip, Replace, Sequence");
        };
        s.end();
        return d;
    }

    private static TokenDecoder strip(JsonObject s) {
        String content = s.text("content");
        if (content.isEmpty() || content.length() != Character.charCount(content.codePointAt(0))) {
            throw s.error("'content' must be one character");
        }
        return new TokenDecoder.Strip(content.codePointAt(0), s.index("start"), s.index("stop"));
    }

    private static TokenDecoder replace(JsonObject s) {
        JsonObject pattern = s.object("pattern");
        TokenDecoder d = new TokenDecoder.Replace(NormalizerReader.literal(pattern), s.text("content"));
        pattern.end();
        return d;
    }
}
