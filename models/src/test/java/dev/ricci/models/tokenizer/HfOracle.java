package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Assumptions;

/** Hugging Face's own tokenizers, which ours must equal. */
final class HfOracle implements AutoCloseable {
    private static final int BATCH = 500;

    static {
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("DJL_CACHE_DIR", "target/djl");
    }

    private final HuggingFaceTokenizer hf;

    private HfOracle(HuggingFaceTokenizer hf) {
        this.hf = hf;
    }

    /** The original of a tokenizer.json; the calling test is skipped on systems that it has no library for. */
    static HfOracle of(Map<String, ?> json) throws IOException {
        byte[] bytes = Json.write(json).getBytes(StandardCharsets.UTF_8);
        try {
            return new HfOracle(HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes),
                    Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false")));
        } catch (UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError e) {
            Assumptions.abort("needs the native library of Hugging Face's tokenizers: " + e);
            throw e;
        }
    }

    /** Encodes the texts with both and decodes the ids with both; all must be equal. */
    static void assertEqual(Map<String, ?> json, String... texts) throws IOException {
        assertEqual(json, TokenizerJson.of(json, "test"), texts);
    }

    /** As {@link #assertEqual(Map, String...)}, for a tokenizer that was made otherwise. */
    static void assertEqual(Map<String, ?> json, PipelineTokenizer ours, String... texts) throws IOException {
        try (HfOracle oracle = of(json)) {
            for (int from = 0; from < texts.length; from += BATCH) {
                String[] batch = Arrays.copyOfRange(texts, from, Math.min(texts.length, from + BATCH));
                oracle.check(ours, batch);
                if (from == 0) {
                    oracle.checkPrompts(ours, batch);
                }
            }
        }
    }

    private void check(PipelineTokenizer ours, String[] texts) {
        Encoding[] plain = hf.batchEncode(texts, false, false);
        for (int i = 0; i < texts.length; i++) {
            String text = texts[i];
            int[] ids = ours.encode(text);
            long[] expected = plain[i].getIds();
            if (!Arrays.equals(expected, longs(ids))) {
                assertEquals(Arrays.toString(plain[i].getTokens()), Arrays.toString(
                        Arrays.stream(ids).mapToObj(ours::token).toArray()), () -> "tokens of " + escaped(text));
            }
            assertArrayEquals(expected, longs(ids), () -> "ids of " + escaped(text));
            String decoded = ours.decode(ids);
            assertEquals(hf.decode(expected, true), decoded, () -> "text of the ids of " + escaped(text));
            assertEquals(decoded, streamed(ours, ids), () -> "stream of the ids of " + escaped(text));
        }
    }

    private void checkPrompts(PipelineTokenizer ours, String[] texts) {
        Encoding[] framed = hf.batchEncode(texts, true, false);
        for (int i = 0; i < texts.length; i++) {
            String text = texts[i];
            assertArrayEquals(framed[i].getIds(), longs(ours.encodePrompt(text)), () -> "prompt of " + escaped(text));
        }
    }

    /** The ids of one text. */
    long[] encode(String text) {
        return hf.encode(text, false, false).getIds();
    }

    /** The text of ids without special tokens. */
    String decode(int... ids) {
        return hf.decode(longs(ids), true);
    }

    private static String streamed(Tokenizer t, int[] ids) {
        StreamingDecoder decoder = new StreamingDecoder(t);
        StringBuilder out = new StringBuilder();
        for (int id : ids) {
            out.append(decoder.next(id));
        }
        return out.append(decoder.end()).toString();
    }

    private static long[] longs(int[] ids) {
        return Arrays.stream(ids).asLongStream().toArray();
    }

    static int[] ints(long[] ids) {
        return LongStream.of(ids).mapToInt(id -> (int) id).toArray();
    }

    static String escaped(String text) {
        StringBuilder s = new StringBuilder("\"");
        text.chars().forEach(c -> s.append(c >= ' ' && c < 127 ? String.valueOf((char) c) : String.format("\\u%04x", c)));
        return s.append('"').toString();
    }

    @Override
    public void close() {
        hf.close();
    }
}
