package dev.ricci.bench;

import dev.ricci.models.tokenizer.BpeTrainer;
import dev.ricci.models.tokenizer.Tokenizers;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Texts to ids, with vocabularies that the peers bring; without them with one that is trained on the text. */
final class TokenizeSuite {
    /** Read five times, warm-up included: ten megabytes, within the time that all benchmarks together may take. */
    private static final int BYTES = 2_000_000;
    private static final int QUICK_BYTES = 50_000;
    private static final int DOCUMENT = 4_000;
    private static final String BERT = "/all-minilm-l6-v2-tokenizer.json";

    private TokenizeSuite() {
    }

    static Session.Result run(Session session) throws IOException {
        List<String> documents = documents(text(session.quick() ? QUICK_BYTES : BYTES));
        List<Workload> work = new ArrayList<>();
        try (InputStream in = TokenizeSuite.class.getResourceAsStream(BERT)) {
            if (in != null) {
                Map<String, Object> json = new LinkedHashMap<>(Json.parseObject(
                        new String(in.readAllBytes(), StandardCharsets.UTF_8), BERT));
                json.put("truncation", null);
                json.put("padding", null);
                work.add(new Workload.Tokenize("WordPiece of BERT", json, null, documents));
            }
        }
        for (TiktokenVocabulary v : TiktokenVocabulary.values()) {
            if (v.isThere()) {
                work.add(new Workload.Tokenize(v.title(), v.json(), v.encoding(), documents));
            }
        }
        if (work.isEmpty()) {
            Map<?, ?> json = (Map<?, ?>) Tokenizers.toMap(BpeTrainer.of(1000).train(documents)).get("definition");
            work.add(new Workload.Tokenize("BPE", strings(json), null, documents));
        }
        List<Row> rows = new ArrayList<>();
        for (int threads : session.threadCounts()) {
            for (Workload w : work) {
                rows.add(session.compare(w, threads, Plan.SECONDS));
            }
        }
        return new Session.Result(rows);
    }

    private static Map<String, Object> strings(Map<?, ?> json) {
        Map<String, Object> map = new LinkedHashMap<>();
        json.forEach((key, value) -> map.put((String) key, value));
        return map;
    }

    /** At line ends, so that each document is one as a program has it. */
    private static List<String> documents(String text) {
        List<String> documents = new ArrayList<>();
        for (int from = 0; from < text.length();) {
            int end = text.indexOf('\n', Math.min(text.length(), from + DOCUMENT));
            end = end < 0 ? text.length() : end + 1;
            documents.add(text.substring(from, end));
            from = end;
        }
        return documents;
    }

    /** English prose and word problems, where the data are, then the JDK's own sources; again if that is too little. */
    private static String text(int bytes) throws IOException {
        StringBuilder text = new StringBuilder();
        String home = System.getProperty("ricci.home");
        Path data = home == null ? Path.of("") : Path.of(home).resolveSibling("shared").resolve("data");
        for (String name : List.of("text/tinyshakespeare.txt", "math/gsm8k-train.jsonl")) {
            if (text.length() < bytes && Files.exists(data.resolve(name))) {
                text.append(Files.readString(data.resolve(name)));
            }
        }
        Path sources = Path.of(System.getProperty("java.home"), "lib", "src.zip");
        if (text.length() < bytes && Files.exists(sources)) {
            try (ZipFile zip = new ZipFile(sources.toFile())) {
                for (ZipEntry e : (Iterable<ZipEntry>) zip.stream().filter(e -> e.getName().startsWith("java.base/"))
                        .map(e -> (ZipEntry) e)::iterator) {
                    if (text.length() < bytes) {
                        text.append(new String(zip.getInputStream(e).readAllBytes(), StandardCharsets.UTF_8));
                    }
                }
            }
        }
        if (text.isEmpty()) {
            text.append("The quick brown fox jumps over the lazy dog, number ");
        }
        for (int i = 0; text.length() < bytes; i++) {
            text.append(text, 0, Math.min(text.length(), bytes - text.length())).append(i).append('\n');
        }
        return text.substring(0, bytes);
    }
}
