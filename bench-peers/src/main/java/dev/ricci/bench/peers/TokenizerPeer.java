package dev.ricci.bench.peers;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.knuddels.jtokkit.Encodings;
import dev.ricci.bench.Contestant;
import dev.ricci.bench.Peer;
import dev.ricci.bench.Workload;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Hugging Face's tokenizers, written in Rust, called through DJL, and jtokkit, written in Java. On several threads the first
 * gets batches, which it spreads by itself, as the second does not.
 */
public final class TokenizerPeer implements Peer {
    private static final int BATCH = 64;

    /** Made by the service loader. */
    public TokenizerPeer() {
    }

    @Override
    public Map<String, Supplier<Contestant>> contestants(Workload workload, int threads) {
        Map<String, Supplier<Contestant>> found = new LinkedHashMap<>();
        if (workload instanceof Workload.Tokenize w) {
            found.put("HF tokenizers", () -> huggingFace(w, threads));
            if (w.encoding() != null) {
                found.put("jtokkit", () -> jtokkit(w, threads));
            }
        }
        return found;
    }

    private static Contestant huggingFace(Workload.Tokenize w, int threads) {
        byte[] json = Json.write(w.vocabulary()).getBytes(StandardCharsets.UTF_8);
        HuggingFaceTokenizer tokenizer;
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json),
                    Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> documents = w.documents();
        int[][] ids = new int[documents.size()][];
        Runnable call = () -> {
            for (int from = 0; from < ids.length; from += threads == 1 ? 1 : BATCH) {
                Encoding[] encodings = threads == 1 ? new Encoding[] {tokenizer.encode(documents.get(from), false, false)}
                        : tokenizer.batchEncode(documents.subList(from, Math.min(ids.length, from + BATCH)), false, false);
                for (int i = 0; i < encodings.length; i++) {
                    ids[from + i] = Arrays.stream(encodings[i].getIds()).mapToInt(id -> (int) id).toArray();
                }
            }
        };
        return new Contestant(1, call, () -> Workload.Tokenize.flat(ids), tokenizer::close);
    }

    private static Contestant jtokkit(Workload.Tokenize w, int threads) {
        var encoding = Encodings.newDefaultEncodingRegistry().getEncoding(w.encoding()).orElseThrow();
        ForkJoinPool pool = new ForkJoinPool(threads);
        int[][] ids = new int[w.documents().size()][];
        return new Contestant(1, () -> pool.submit(() -> IntStream.range(0, ids.length).parallel()
                .forEach(i -> ids[i] = encoding.encodeOrdinary(w.documents().get(i)).toArray())).join(),
                () -> Workload.Tokenize.flat(ids), pool::close);
    }
}
