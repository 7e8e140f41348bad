package dev.ricci.bench;

import dev.ricci.models.encoder.Encoder;
import dev.ricci.models.encoder.EncoderConfig;
import dev.ricci.nn.Activation;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Sentence embeddings with all-MiniLM-L6-v2, which the peers bring; without them with a model of that shape. */
final class EmbedSuite {
    private static final String MODEL = "/all-minilm-l6-v2.onnx";
    private static final int SHORT = 12;
    private static final int LONG = 128;
    private static final int BATCH = 32;

    private EmbedSuite() {
    }

    static Session.Result run(Session session) throws IOException {
        Path onnx = null;
        try (InputStream in = EmbedSuite.class.getResourceAsStream(MODEL)) {
            if (in != null) {
                onnx = Files.createTempFile("ricci-bench", ".onnx");
                Files.copy(in, onnx, StandardCopyOption.REPLACE_EXISTING);
            }
            return new Session.Result(rows(session, onnx));
        } finally {
            if (onnx != null) {
                Files.delete(onnx);
            }
        }
    }

    private static List<Row> rows(Session session, Path onnx) throws IOException {
        Encoder encoder = onnx != null ? Encoder.loadAsStored(onnx) : new Encoder(new EncoderConfig(30522, 512, 0, 2,
                session.quick() ? 1 : 6, 12, 384, 1536, Activation.GELU, 1e-12, 0, false), Rng.of(1));
        List<Row> rows = new ArrayList<>();
        for (int threads : session.threadCounts()) {
            for (int batch : session.quick() ? new int[] {2} : new int[] {1, BATCH}) {
                for (int length : session.quick() ? new int[] {SHORT} : new int[] {SHORT, LONG}) {
                    String texts = batch == 1 ? "1 text" : batch + " texts";
                    rows.add(compare(session, threads, encoder, onnx, "%s of %d tokens".formatted(texts, length),
                            IntStream.generate(() -> length).limit(batch).toArray()));
                }
            }
            rows.add(compare(session, threads, encoder, onnx, "32 texts of 4 to 66 tokens",
                    IntStream.range(0, BATCH).map(i -> 4 + 2 * i).toArray()));
        }
        return rows;
    }

    private static Row compare(Session session, int threads, Encoder encoder, Path onnx, String texts, int[] lengths) {
        Rng rng = Rng.of(7);
        List<int[]> ids = IntStream.range(0, lengths.length).mapToObj(i -> rng.split(i)
                .ints(encoder.config().vocabSize(), lengths[i]).toIntArray()).toList();
        return session.compare(new Workload.Encode("MiniLM, " + texts, encoder, onnx, ids), threads,
                lengths.length == 1 ? Plan.SHORT : Plan.LONG);
    }
}
