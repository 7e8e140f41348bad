package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The special tokens around a text, or around and between two: all that post-processors do to ids.
 *
 * @param single what becomes of one text
 * @param pair what becomes of two, or null if nothing says it
 */
record SpecialFrame(List<Part> single, List<Part> pair) {
    /** A template may name the same long list of ids again and again; no model needs many. */
    private static final int MOST = 64;

    /** The texts alone. */
    static final SpecialFrame NONE = new SpecialFrame(List.of(Part.text(0, 0)), List.of(Part.text(0, 0), Part.text(1, 1)));

    /**
     * Special tokens or a text.
     *
     * @param text which one, 0 or 1; -1 for special tokens
     * @param ids the special tokens; none for a text
     * @param type of segment of all its ids
     */
    record Part(int text, int[] ids, int type) {
        static Part text(int which, int type) {
            return new Part(which, new int[0], type);
        }

        static Part special(int type, int... ids) {
            return new Part(-1, ids, type);
        }
    }

    /** Ids before and after one text; nothing about two. */
    static SpecialFrame of(int[] before, int[] after) {
        return new SpecialFrame(List.of(Part.special(0, before), Part.text(0, 0), Part.special(0, after)), null);
    }

    /** As BERT has it: cls A sep, and cls A sep B sep. */
    static SpecialFrame bert(int cls, int sep) {
        List<Part> single = List.of(Part.special(0, cls), Part.text(0, 0), Part.special(0, sep));
        List<Part> pair = new ArrayList<>(single);
        pair.addAll(List.of(Part.text(1, 1), Part.special(1, sep)));
        return new SpecialFrame(single, List.copyOf(pair));
    }

    /** As RoBERTa has it: cls A sep, and cls A sep sep B sep, all of type 0. */
    static SpecialFrame roberta(int cls, int sep) {
        List<Part> single = List.of(Part.special(0, cls), Part.text(0, 0), Part.special(0, sep));
        List<Part> pair = new ArrayList<>(single);
        pair.addAll(List.of(Part.special(0, sep), Part.text(1, 0), Part.special(0, sep)));
        return new SpecialFrame(single, List.copyOf(pair));
    }

    /** Ids before one text. */
    int[] prefix() {
        return single.stream().takeWhile(p -> p.text < 0).flatMapToInt(p -> Arrays.stream(p.ids)).toArray();
    }

    /** Ids after one text. */
    int[] suffix() {
        return single.stream().dropWhile(p -> p.text < 0).flatMapToInt(p -> Arrays.stream(p.ids)).toArray();
    }

    /**
     * The texts with what stands around them, cut from the right until all of it has at most so many ids: of two texts the
     * longer is cut first, then both alike.
     *
     * @param texts ids of one text or of two
     * @throws TensorException if there are two and nothing says how they are joined, or the special tokens alone are more
     */
    EncoderInput around(int most, int[]... texts) {
        List<Part> parts = texts.length == 1 ? single : pair;
        if (parts == null) {
            throw new TensorException("encode: this tokenizer does not say how two texts are joined");
        }
        int room = most - count(parts);
        if (room < 0) {
            throw new TensorException("encode: at most " + most + " tokens leave no room for the special ones, which are "
                    + count(parts));
        }
        int[] kept = texts.length == 1 ? new int[] {Math.min(room, texts[0].length)}
                : kept(texts[0].length, texts[1].length, room);
        int total = count(parts) + Arrays.stream(kept).sum();
        int[] ids = new int[total];
        int[] types = new int[total];
        int at = 0;
        for (Part p : parts) {
            int[] from = p.text < 0 ? p.ids : texts[p.text];
            int n = p.text < 0 ? from.length : kept[p.text];
            System.arraycopy(from, 0, ids, at, n);
            Arrays.fill(types, at, at + n, p.type);
            at += n;
        }
        return new EncoderInput(ids, types);
    }

    private static int[] kept(int first, int second, int room) {
        if (first + (long) second <= room) {
            return new int[] {first, second};
        }
        // The shorter stays whole if it takes at most half; else both take half, and the longer the odd one.
        int shorter = Math.min(Math.min(first, second), room / 2);
        return first > second ? new int[] {room - shorter, shorter} : new int[] {shorter, room - shorter};
    }

    private static int count(List<Part> parts) {
        return parts.stream().mapToInt(p -> p.ids.length).sum();
    }

    /** This frame around another one. */
    private SpecialFrame around(SpecialFrame inner) {
        if (this == NONE || inner == NONE) {
            return this == NONE ? inner : this;
        }
        List<Part> parts = new ArrayList<>();
        for (Part p : single) {
            if (p.text < 0) {
                parts.add(p);
            } else {
                parts.addAll(inner.single);
            }
        }
        return new SpecialFrame(List.copyOf(parts), null);
    }

    /**
     * The frame that the section {@code post_processor} of a tokenizer.json describes.
     *
     * @throws FormatException if it is of another type or has unknown keys
     */
    static SpecialFrame read(JsonObject s) {
        String type = s.text("type");
        SpecialFrame frame = switch (type) {
            case "ByteLevel" -> {
                s.ignore("add_prefix_space", "trim_offsets", "use_regex");
                yield NONE;
            }
            case "BertProcessing" -> bert(tokenAndId(s, "cls"), tokenAndId(s, "sep"));
            case "RobertaProcessing" -> {
                s.ignore("trim_offsets", "add_prefix_space");
                yield roberta(tokenAndId(s, "cls"), tokenAndId(s, "sep"));
            }
            case "TemplateProcessing" -> template(s);
            case "Sequence" -> {
                SpecialFrame all = NONE;
                for (JsonObject step : s.objects("processors")) {
                    all = read(step).around(all);
                    checkCount(all.single, s);
                }
                yield all;
            }
            default -> throw s.error("the post-processor '" + type + "' is not supported; supported are ByteLevel,"
                    + " BertProcessing, RobertaProcessing, TemplateProcessing, Sequence");
        };
        s.end();
        return frame;
    }

    private static void checkCount(List<Part> parts, JsonObject s) {
        if (count(parts) > MOST) {
            throw s.error("more than " + MOST + " special tokens around a text");
        }
    }

    private static int tokenAndId(JsonObject s, String key) {
        List<?> pair = s.list(key);
        if (pair.size() == 2 && pair.get(0) instanceof String) {
            return id(pair.get(1), s);
        }
        throw s.error("'" + key + "' must be a token and its id");
    }

    private static SpecialFrame template(JsonObject s) {
        JsonObject tokens = s.object("special_tokens");
        List<Part> single = parts(s, "single", tokens);
        List<Part> pair = s.has("pair") ? parts(s, "pair", tokens) : null;
        if (!texts(single).equals(List.of(0))) {
            throw s.error("the template for one text must hold the text A once, and no other; it holds "
                    + texts(single).size());
        }
        if (pair != null && !texts(pair).stream().sorted().toList().equals(List.of(0, 1))) {
            throw s.error("the template for two texts must hold the texts A and B, each once");
        }
        return new SpecialFrame(single, pair);
    }

    private static List<Integer> texts(List<Part> parts) {
        return parts.stream().map(Part::text).filter(text -> text >= 0).toList();
    }

    private static List<Part> parts(JsonObject s, String key, JsonObject tokens) {
        List<Part> parts = new ArrayList<>();
        for (JsonObject piece : s.objects(key)) {
            boolean isText = piece.has("Sequence");
            JsonObject content = piece.object(isText ? "Sequence" : "SpecialToken");
            String id = content.text("id");
            int type = content.has("type_id") ? content.index("type_id") : 0;
            if (isText && !id.equals("A") && !id.equals("B")) {
                throw content.error("a text must be A or B, is " + id);
            }
            parts.add(isText ? Part.text(id.equals("A") ? 0 : 1, type) : Part.special(type, ids(tokens, id)));
            checkCount(parts, s);
            content.end();
            piece.end();
        }
        return List.copyOf(parts);
    }

    private static int[] ids(JsonObject tokens, String name) {
        JsonObject token = tokens.object(name);
        token.ignore("id", "tokens");
        int[] ids = token.list("ids").stream().mapToInt(id -> id(id, token)).toArray();
        token.end();
        return ids;
    }

    private static int id(Object id, JsonObject s) {
        long n = JsonObject.index(id);
        if (n < 0 || n > Integer.MAX_VALUE) {
            throw s.error("'" + id + "' is not an id");
        }
        return (int) n;
    }

    /**
     * Refuses ids that stand for nothing.
     *
     * @throws FormatException if there is one
     */
    void check(IntPredicate known, String where) {
        IntStream.concat(ids(single), pair == null ? IntStream.empty() : ids(pair)).filter(id -> !known.test(id)).findFirst()
                .ifPresent(id -> {
                    throw new FormatException(where + ": the post-processor adds the id " + id + ", which is no token");
                });
    }

    private static IntStream ids(List<Part> parts) {
        return parts.stream().flatMapToInt(p -> Arrays.stream(p.ids));
    }
}
