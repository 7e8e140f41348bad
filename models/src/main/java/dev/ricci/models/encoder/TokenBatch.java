package dev.ricci.models.encoder;

import dev.ricci.tensor.ShapeException;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Sequences of any lengths side by side, without padding: N tokens in all. They are laid out by ascending length, so that
 * those of one length form a block [count, length], which is all that attention needs to know; every other layer works on
 * tokens one by one.
 */
public final class TokenBatch {
    private final int[] ids;
    private final int[] types;
    private final int[] positions;
    /** Which sequence, as given, comes first, second, ... */
    private final int[] order;
    private final List<Block> blocks;

    /**
     * Sequences of one length.
     *
     * @param from their first token's place
     * @param count how many
     * @param length tokens of each
     */
    record Block(int from, int count, int length) {
        int tokens() {
            return count * length;
        }
    }

    private TokenBatch(int[] order, int[] ids, int[] types, int[] positions, List<Block> blocks) {
        this.order = order;
        this.ids = ids;
        this.types = types;
        this.positions = positions;
        this.blocks = blocks;
    }

    /** Sequences of one segment each, of type 0. */
    public static TokenBatch of(List<int[]> ids) {
        return of(ids, ids.stream().map(s -> new int[s.length]).toList());
    }

    /**
     * Sequences with the type of each token.
     *
     * @param ids of each sequence
     * @param types of the same lengths
     * @throws ShapeException if there is no sequence, one is empty, or the types do not fit
     */
    public static TokenBatch of(List<int[]> ids, List<int[]> types) {
        if (ids.isEmpty() || ids.size() != types.size()) {
            throw new ShapeException("token batch: expected one or more sequences and types for each, got " + ids.size()
                    + " and " + types.size());
        }
        for (int i = 0; i < ids.size(); i++) {
            if (ids.get(i).length == 0 || ids.get(i).length != types.get(i).length) {
                throw new ShapeException("token batch: sequence " + i + " has " + ids.get(i).length + " ids and "
                        + types.get(i).length + " types; expected as many of both, and one at least");
            }
        }
        int[] order = IntStream.range(0, ids.size()).boxed().sorted(Comparator.comparingInt(i -> ids.get(i).length))
                .mapToInt(i -> i).toArray();
        int[] allIds = Arrays.stream(order).mapToObj(ids::get).flatMapToInt(Arrays::stream).toArray();
        int[] allTypes = Arrays.stream(order).mapToObj(types::get).flatMapToInt(Arrays::stream).toArray();
        int[] positions = Arrays.stream(order).flatMap(i -> IntStream.range(0, ids.get(i).length)).toArray();
        List<Block> blocks = new ArrayList<>();
        for (int i = 0, at = 0; i < order.length;) {
            int length = ids.get(order[i]).length;
            int first = i;
            while (i < order.length && ids.get(order[i]).length == length) {
                i++;
            }
            blocks.add(new Block(at, i - first, length));
            at += blocks.getLast().tokens();
        }
        return new TokenBatch(order, allIds, allTypes, positions, List.copyOf(blocks));
    }

    /** Number of sequences, B. */
    public int size() {
        return order.length;
    }

    /** Number of tokens, N. */
    public int tokens() {
        return ids.length;
    }

    /** Tokens of the longest sequence. */
    public int longest() {
        return blocks.getLast().length;
    }

    /** [N] I32. */
    Tensor ids() {
        return Tensor.ofInts(ids, ids.length);
    }

    /** [N] I32. */
    Tensor types() {
        return Tensor.ofInts(types, types.length);
    }

    /** [N] I32: the place of each token in its sequence, counted from {@code first}. */
    Tensor positions(int first) {
        return Tensor.ofInts(Arrays.stream(positions).map(p -> p + first).toArray(), positions.length);
    }

    List<Block> blocks() {
        return blocks;
    }

    /** Rows for the sequences by length, [B, D], in the order in which the sequences were given. */
    Tensor inGivenOrder(Tensor rows) {
        int[] from = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            from[order[i]] = i;
        }
        return rows.indexSelect(0, Tensor.ofInts(from, from.length));
    }

    /**
     * The hidden states of one sequence.
     *
     * @param hidden [N, C], as {@link Encoder#forward} gives them
     * @param sequence 0 .. B - 1, as given
     * @return [T, C]
     */
    public Tensor sequence(Tensor hidden, int sequence) {
        int place = IntStream.range(0, order.length).filter(i -> order[i] == sequence).findFirst()
                .orElseThrow(() -> new ShapeException("token batch: sequence " + sequence + " lies outside 0 .. "
                        + (order.length - 1)));
        for (Block b : blocks) {
            if (place < b.count) {
                int from = b.from + place * b.length;
                return hidden.slice(0, from, from + b.length);
            }
            place -= b.count;
        }
        throw new AssertionError(place);
    }
}
