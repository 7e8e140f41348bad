package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The special tokens around a text: all that post-processors do to ids.
 *
 * @param prefix ids before it
 * @param suffix ids after it
 */
record SpecialFrame(int[] prefix, int[] suffix) {
    /** A template may name the same long list of ids again and again; no model needs many. */
    private static final int MOST = 64;

    static final SpecialFrame NONE = new SpecialFrame(new int[0], new int[0]);

    /** This frame around another one. */
    private SpecialFrame around(SpecialFrame inner) {
        return new SpecialFrame(IntStream.concat(IntStream.of(prefix), IntStream.of(inner.prefix)).toArray(),
                IntStream.concat(IntStream.of(inner.suffix), IntStream.of(suffix)).toArray());
    }

    /**
     * The frame that the section {@code post_processor} of a tokenizer.json describes. What it says of pairs of texts is
     * not read.
     *
     * @throws FormatException if it is of another type or has unknown keys
     */
    static SpecialFrame read(Section s) {
        String type = s.text("type");
        SpecialFrame frame = switch (type) {
            case "ByteLevel" -> {
                s.ignore("add_prefix_space", "trim_offsets", "use_regex");
                yield NONE;
            }
            case "BertProcessing" -> ends(s);
            case "RobertaProcessing" -> {
                s.ignore("trim_offsets", "add_prefix_space");
                yield ends(s);
            }
            case "TemplateProcessing" -> template(s);
            case "Sequence" -> {
                SpecialFrame all = NONE;
                for (Section step : s.sections("processors")) {
                    all = read(step).around(all);
                    checkCount(all.prefix.length + all.suffix.length, s);
                }
                yield all;
            }
            default -> throw s.error("the post-processor '" + type + "' is not supported; supported are ByteLevel,"
                    + " BertProcessing, RobertaProcessing, TemplateProcessing, Sequence");
        };
        s.end();
        return frame;
    }

    private static void checkCount(int count, Section s) {
        if (count > MOST) {
            throw s.error("more than " + MOST + " special tokens around a text");
        }
    }

    private static SpecialFrame ends(Section s) {
        return new SpecialFrame(new int[] {tokenAndId(s, "cls")}, new int[] {tokenAndId(s, "sep")});
    }

    private static int tokenAndId(Section s, String key) {
        List<?> pair = s.list(key);
        if (pair.size() == 2 && pair.get(0) instanceof String) {
            return id(pair.get(1), s);
        }
        throw s.error("'" + key + "' must be a token and its id");
    }

    private static SpecialFrame template(Section s) {
        s.ignore("pair");
        Section tokens = s.section("special_tokens");
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        int texts = 0;
        for (Section piece : s.sections("single")) {
            if (piece.has("Sequence")) {
                Section text = piece.section("Sequence");
                text.ignore("type_id");
                if (!text.text("id").equals("A")) {
                    throw text.error("a template for one text may hold the text A alone");
                }
                text.end();
                texts++;
            } else {
                Section special = piece.section("SpecialToken");
                special.ignore("type_id");
                (texts == 0 ? before : after).addAll(ids(tokens, special.text("id")));
                checkCount(before.size() + after.size(), s);
                special.end();
            }
            piece.end();
        }
        if (texts != 1) {
            throw s.error("the template holds the text " + texts + " times; supported is once");
        }
        return new SpecialFrame(before.stream().mapToInt(i -> i).toArray(), after.stream().mapToInt(i -> i).toArray());
    }

    private static List<Integer> ids(Section tokens, String name) {
        Section token = tokens.section(name);
        token.ignore("id", "tokens");
        List<Integer> ids = new ArrayList<>();
        for (Object id : token.list("ids")) {
            ids.add(id(id, token));
        }
        token.end();
        return ids;
    }

    private static int id(Object id, Section s) {
        long n = Section.whole(id);
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
        IntStream.concat(IntStream.of(prefix), IntStream.of(suffix)).filter(id -> !known.test(id)).findFirst()
                .ifPresent(id -> {
                    throw new FormatException(where + ": the post-processor adds the id " + id + ", which is no token");
                });
    }
}
