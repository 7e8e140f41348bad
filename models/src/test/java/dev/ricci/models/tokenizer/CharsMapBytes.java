package dev.ricci.models.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes the character map of a SentencePiece model as the class {@link CharsMap} describes it. */
final class CharsMapBytes {
    private final List<byte[]> keys = new ArrayList<>();
    private final List<Integer> values = new ArrayList<>();
    private int[] units = new int[1 << 16];
    private final BitSet taken = new BitSet();
    private final BitSet offsets = new BitSet();

    private CharsMapBytes() {
    }

    /**
     * A map much like SentencePiece's nmt_nfkc: compatible characters and composable sequences become their normal form,
     * spaces of all kinds become one, control characters nothing.
     */
    static Map<String, String> likeNmtNfkc() {
        Map<String, String> map = new TreeMap<>();
        for (int c = 0xA0; c < 0x30000; c++) {
            if (!Character.isDefined(c) || Character.getType(c) == Character.SURROGATE) {
                continue;
            }
            String s = Character.toString(c);
            String nfkc = java.text.Normalizer.normalize(s, Form.NFKC);
            if (!nfkc.equals(s)) {
                map.put(s, nfkc);
            }
            String nfd = java.text.Normalizer.normalize(s, Form.NFD);
            if (!nfd.equals(s) && java.text.Normalizer.normalize(nfd, Form.NFC).equals(s)) {
                map.put(nfd, nfkc);
            }
        }
        for (int c = 1; c < 0x20; c++) {
            map.put(Character.toString(c), c >= '\t' && c <= '\r' ? " " : "");
        }
        for (String s : List.of("\u007f", "\u00ad", "\u200e", "\u200f")) {
            map.put(s, "");
        }
        for (String s : List.of("\u200b", "\ufeff", "\u2028", "\u0085")) {
            map.put(s, " ");
        }
        return map;
    }

    static byte[] of(Map<String, String> map) {
        CharsMapBytes trie = new CharsMapBytes();
        ByteArrayOutputStream texts = new ByteArrayOutputStream();
        Map<String, Integer> starts = new TreeMap<>();
        TreeMap<byte[], Integer> sorted = new TreeMap<>(Arrays::compareUnsigned);
        map.forEach((from, to) -> {
            int at = starts.computeIfAbsent(to, t -> {
                int start = texts.size();
                texts.writeBytes(t.getBytes(StandardCharsets.UTF_8));
                texts.write(0);
                return start;
            });
            sorted.put(from.getBytes(StandardCharsets.UTF_8), at);
        });
        sorted.forEach((key, value) -> {
            trie.keys.add(key);
            trie.values.add(value);
        });
        trie.taken.set(0);
        trie.node(0, 0, 0, trie.keys.size());
        int size = trie.taken.length();
        ByteBuffer out = ByteBuffer.allocate(4 + 4 * size + texts.size()).order(ByteOrder.LITTLE_ENDIAN).putInt(4 * size);
        for (int i = 0; i < size; i++) {
            out.putInt(trie.units[i]);
        }
        return out.put(texts.toByteArray()).array();
    }

    /** The keys from one on to another, which agree in so many bytes, below the unit at a place. */
    private void node(int at, int depth, int from, int to) {
        boolean leaf = keys.get(from).length == depth;
        List<Integer> labels = new ArrayList<>();
        List<Integer> firsts = new ArrayList<>();
        for (int i = leaf ? from + 1 : from; i < to; i++) {
            int label = keys.get(i)[depth] & 0xFF;
            if (labels.isEmpty() || labels.getLast() != label) {
                labels.add(label);
                firsts.add(i);
            }
        }
        int base = base(at, labels);
        units[at] |= (at ^ base) << 10 | (leaf ? 1 << 8 : 0);
        if (leaf) {
            units[base] = Integer.MIN_VALUE | values.get(from);
            taken.set(base);
        }
        for (int label : labels) {
            units[base ^ label] = label;
            taken.set(base ^ label);
        }
        for (int i = 0; i < labels.size(); i++) {
            node(base ^ labels.get(i), depth + 1, firsts.get(i), i + 1 < labels.size() ? firsts.get(i + 1) : to);
        }
    }

    /** A place for children that no other node has, at which all of theirs are free. */
    private int base(int at, List<Integer> labels) {
        for (int base = Math.max(1, taken.nextClearBit(1) - 255);; base++) {
            int b = base;
            if (!offsets.get(b) && b != at && !taken.get(b) && labels.stream().noneMatch(l -> taken.get(b ^ l))) {
                offsets.set(b);
                // The unit of an empty string that ends here, whether or not one does: no other node may use it.
                taken.set(b);
                if ((b | 0xFF) >= units.length) {
                    units = Arrays.copyOf(units, 2 * units.length);
                }
                return b;
            }
        }
    }
}
