package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.util.HashMap;
import java.util.Map;

/** The tokens of a model by id and the ids by token. */
final class Vocabulary {
    /** Ids may leave gaps, but not so many that the tables are much larger than the file. */
    private static final int GAP_FACTOR = 4;
    private static final int GAP_FREE = 1 << 16;

    private final String[] tokens;
    private final Map<String, Integer> ids;

    private Vocabulary(String[] tokens, Map<String, Integer> ids) {
        this.tokens = tokens;
        this.ids = ids;
    }

    /**
     * A vocabulary from ids by token.
     *
     * @throws FormatException if an id is negative, too large for the number of tokens, or given twice
     */
    static Vocabulary of(Map<String, Integer> ids, String where) {
        int largest = -1;
        for (Map.Entry<String, Integer> e : ids.entrySet()) {
            checkId(e.getKey(), e.getValue(), ids.size(), where);
            largest = Math.max(largest, e.getValue());
        }
        String[] tokens = new String[largest + 1];
        ids.forEach((token, id) -> {
            if (tokens[id] != null) {
                throw new FormatException(where + ": the tokens " + quoted(tokens[id]) + " and " + quoted(token)
                        + " have the same id " + id);
            }
            tokens[id] = token;
        });
        return new Vocabulary(tokens, ids);
    }

    /** A vocabulary from tokens in the order of their ids; of equal tokens the last is the one that text gives. */
    static Vocabulary of(String[] tokens) {
        Map<String, Integer> ids = HashMap.newHashMap(tokens.length);
        for (int id = 0; id < tokens.length; id++) {
            ids.put(tokens[id], id);
        }
        return new Vocabulary(tokens, ids);
    }

    /**
     * Refuses an id that would make tables large without need.
     *
     * @throws FormatException if it is negative, or far larger than the number of tokens
     */
    static void checkId(String token, long id, int count, String where) {
        if (id < 0 || id >= (long) count * GAP_FACTOR + GAP_FREE) {
            throw new FormatException(where + ": the token " + quoted(token) + " has the id " + id + "; with " + count
                    + " tokens ids may go up to " + ((long) count * GAP_FACTOR + GAP_FREE - 1));
        }
    }

    static String quoted(String token) {
        return "'" + (token.length() <= 40 ? token : token.substring(0, 40) + "...") + "'";
    }

    /** One more than the largest id. */
    int size() {
        return tokens.length;
    }

    /** The token of an id, or null in a gap. */
    String token(int id) {
        return id < tokens.length ? tokens[id] : null;
    }

    /** The id of a token, or -1. */
    int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /**
     * The id of a token that must be there.
     *
     * @throws FormatException if it is not
     */
    int require(String token, String role, String where) {
        int id = id(token);
        if (id < 0) {
            throw new FormatException(where + ": the " + role + " " + quoted(token) + " is not in the vocabulary");
        }
        return id;
    }
}
