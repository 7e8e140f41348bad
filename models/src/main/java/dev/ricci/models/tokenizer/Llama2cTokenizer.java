package dev.ricci.models.tokenizer;

import dev.ricci.tensor.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * SentencePiece-style byte-pair vocabulary in the file format of llama2.c: a 32-bit length of the longest piece, then
 * for each id a 32-bit float score, a 32-bit length and the bytes; little-endian. Ids 0, 1, 2 are unknown, BOS and EOS;
 * ids 3 .. 258 are the bytes, written {@code <0x00>} to {@code <0xFF>}.
 */
public final class Llama2cTokenizer implements Tokenizer {
    private static final int BOS = 1;
    private static final int EOS = 2;
    private static final int FIRST_BYTE = 3;
    private static final long MAX_FILE = 64L << 20;

    private final List<byte[]> pieces;
    private final float[] scores;
    private final Map<ByteBuffer, Integer> ids = new HashMap<>();

    private Llama2cTokenizer(List<byte[]> pieces, float[] scores) {
        this.pieces = pieces;
        this.scores = scores;
        for (int id = 0; id < pieces.size(); id++) {
            ids.putIfAbsent(ByteBuffer.wrap(pieces.get(id)), id);
        }
    }

    /**
     * Reads a vocabulary file.
     *
     * @throws FormatException if it is not one
     * @throws IOException if it cannot be read
     */
    public static Llama2cTokenizer load(Path file) throws IOException {
        if (Files.size(file) > MAX_FILE) {
            throw new FormatException("tokenizer " + file + ": larger than 64 MB; it is not a llama2.c vocabulary");
        }
        return read(Files.readAllBytes(file), file.toString());
    }

    /** Reads the bytes of a vocabulary file; the source is named in errors. */
    static Llama2cTokenizer read(byte[] file, String source) {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < 4) {
            throw new FormatException("tokenizer " + source + ": shorter than its header; it is truncated");
        }
        int longest = in.getInt();
        List<byte[]> pieces = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        while (in.hasRemaining()) {
            if (in.remaining() < 8) {
                throw new FormatException("tokenizer " + source + ": truncated in the header of piece " + pieces.size());
            }
            float score = in.getFloat();
            int length = in.getInt();
            if (length < 0 || length > longest || length > in.remaining() || Float.isNaN(score)) {
                throw new FormatException("tokenizer " + source + ": piece " + pieces.size() + " claims " + length
                        + " bytes with score " + score + "; " + in.remaining() + " are left and the longest is "
                        + longest);
            }
            byte[] piece = new byte[length];
            in.get(piece);
            pieces.add(piece);
            scores.add(score);
        }
        if (pieces.size() < FIRST_BYTE + 256) {
            throw new FormatException("tokenizer " + source + ": only " + pieces.size()
                    + " pieces; a llama2.c vocabulary has 3 control and 256 byte pieces first");
        }
        float[] s = new float[scores.size()];
        for (int i = 0; i < s.length; i++) {
            s[i] = scores.get(i);
        }
        for (int b = 0; b < 256; b++) {
            String name = String.format("<0x%02X>", b);
            if (!new String(pieces.get(FIRST_BYTE + b), StandardCharsets.UTF_8).equals(name)) {
                throw new FormatException("tokenizer " + source + ": piece " + (FIRST_BYTE + b) + " must be " + name);
            }
        }
        return new Llama2cTokenizer(pieces, s);
    }

    /** The bytes of a vocabulary file that {@link #read} reads as this one. */
    byte[] toBytes() {
        int longest = pieces.stream().mapToInt(p -> p.length).max().orElse(0);
        ByteBuffer out = ByteBuffer.allocate(4 + pieces.stream().mapToInt(p -> 8 + p.length).sum())
                .order(ByteOrder.LITTLE_ENDIAN).putInt(longest);
        for (int id = 0; id < pieces.size(); id++) {
            out.putFloat(scores[id]).putInt(pieces.get(id).length).put(pieces.get(id));
        }
        return out.array();
    }

    /**
     * Starts from characters (bytes where a character has no piece), then joins the best-scored pair, the first of
     * equals, until no pair is a piece.
     */
    @Override
    public int[] encode(String text) {
        if (text.isEmpty()) {
            return new int[0];
        }
        IntStream.Builder start = IntStream.builder();
        (" " + text).codePoints().forEach(c -> {
            byte[] utf8 = Character.toString(c).getBytes(StandardCharsets.UTF_8);
            Integer id = ids.get(ByteBuffer.wrap(utf8));
            if (id != null) {
                start.add(id);
            } else {
                for (byte b : utf8) {
                    start.add(FIRST_BYTE + (b & 0xFF));
                }
            }
        });
        return merge(start.build().toArray());
    }

    /** A pair of neighbours that is a piece: the place and id of the left one as they were, and the piece. */
    private record Pair(int left, int leftId, int right, int rightId, int joined, float score)
            implements Comparable<Pair> {
        @Override
        public int compareTo(Pair o) {
            int c = Float.compare(o.score, score);
            return c != 0 ? c : Integer.compare(left, o.left);
        }
    }

    private int[] merge(int[] tokens) {
        int n = tokens.length;
        int[] next = new int[n];
        int[] previous = new int[n];
        PriorityQueue<Pair> queue = new PriorityQueue<>();
        for (int i = 0; i < n; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
            offer(queue, tokens, i, i + 1);
        }
        for (Pair p = queue.poll(); p != null; p = queue.poll()) {
            // A pair whose members have since been joined elsewhere is stale; joined places are marked -1.
            if (tokens[p.left] != p.leftId || tokens[p.right] != p.rightId || next[p.left] != p.right) {
                continue;
            }
            tokens[p.left] = p.joined;
            tokens[p.right] = -1;
            next[p.left] = next[p.right];
            if (next[p.left] < n) {
                previous[next[p.left]] = p.left;
            }
            if (previous[p.left] >= 0) {
                offer(queue, tokens, previous[p.left], p.left);
            }
            offer(queue, tokens, p.left, next[p.left]);
        }
        return Arrays.stream(tokens).filter(t -> t >= 0).toArray();
    }

    private void offer(PriorityQueue<Pair> queue, int[] tokens, int left, int right) {
        if (right < tokens.length) {
            Integer joined = ids.get(join(pieces.get(tokens[left]), pieces.get(tokens[right])));
            if (joined != null) {
                queue.add(new Pair(left, tokens[left], right, tokens[right], joined, scores[joined]));
            }
        }
    }

    private static ByteBuffer join(byte[] a, byte[] b) {
        byte[] both = new byte[a.length + b.length];
        System.arraycopy(a, 0, both, 0, a.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return ByteBuffer.wrap(both);
    }

    /** The score of a piece: the higher, the sooner it is joined. */
    float score(int id) {
        return scores[id];
    }

    @Override
    public byte[] piece(int id) {
        checkId(id);
        if (id < FIRST_BYTE) {
            return new byte[0];
        }
        return id < FIRST_BYTE + 256 ? new byte[] {(byte) (id - FIRST_BYTE)} : pieces.get(id).clone();
    }

    /** As the pieces say, without the space that {@link #encode} puts before the text. */
    @Override
    public String decode(int... ids) {
        String text = Tokenizer.super.decode(ids);
        return text.startsWith(" ") ? text.substring(1) : text;
    }

    @Override
    public int vocabSize() {
        return pieces.size();
    }

    @Override
    public OptionalInt bos() {
        return OptionalInt.of(BOS);
    }

    @Override
    public OptionalInt eos() {
        return OptionalInt.of(EOS);
    }
}
