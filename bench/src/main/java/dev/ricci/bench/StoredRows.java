package dev.ricci.bench;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.weights.gguf.GgufType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Models in files whose matrices are used as they are stored, beside llama.cpp where it is installed. */
final class StoredRows {
    private StoredRows() {
    }

    static void run(Session session, List<Row> rows) throws IOException {
        DecoderConfig config = session.quick() ? ModelFiles.small() : ModelFiles.large();
        List<Integer> contexts = session.quick() ? List.of(16) : List.of(64, 1024);
        int prompt = session.quick() ? 32 : 512;
        Path file = Files.createTempFile("ricci-bench", ".gguf");
        try {
            for (GgufType type : List.of(GgufType.F32, GgufType.F16, GgufType.Q8_0, GgufType.Q4_0)) {
                ModelFiles.write(config, type, file);
                List<Workload> work = new ArrayList<>();
                contexts.forEach(n -> work.add(new Workload.Stored(file, type, config, false, n)));
                work.add(new Workload.Stored(file, type, config, true, prompt));
                if (type == GgufType.F32
                        && session.peers().stream().allMatch(p -> p.contestants(work.getFirst(), 1).isEmpty())) {
                    session.progress().println("  files without llama.cpp: it takes part where node is, after npm install"
                            + " --prefix bench-peers/target/llama node-llama-cpp@3.22.1, or with -Dricci.llama=FOLDER"
                            + " of such an installation");
                }
                for (Workload w : work) {
                    rows.add(session.compare(w, session.threads(), Plan.LONG));
                }
            }
        } finally {
            Files.delete(file);
        }
    }
}
