package dev.ricci.models.generation;

import dev.ricci.models.decoder.Decoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What several tests do with engines. */
final class EngineRuns {
    private static final long PATIENCE_SECONDS = 60;

    private EngineRuns() {
    }

    /** Waits for all tokens. */
    static List<Generation.Token> tokens(Generation generation) throws InterruptedException {
        List<Generation.Token> tokens = new ArrayList<>();
        Optional<Generation.Token> token;
        while ((token = generation.next()).isPresent()) {
            tokens.add(token.get());
        }
        return tokens;
    }

    static int[] ids(List<Generation.Token> tokens) {
        return tokens.stream().mapToInt(Generation.Token::id).toArray();
    }

    /** What the simple generator makes of a request, up to the end of the context. */
    static int[] alone(Decoder model, GenerationRequest r) {
        GenerationConfig c = r.config();
        int most = Math.min(c.maxNewTokens(), model.config().contextLength() - r.prompt().length + 1);
        int[] ids = new AutoregressiveGenerator(model).generate(r.prompt(),
                new GenerationConfig(most, c.sampling(), c.seed(), List.of(), true), id -> !r.stopIds().contains(id));
        boolean stopped = ids.length > 0 && r.stopIds().contains(ids[ids.length - 1]);
        return stopped ? Arrays.copyOf(ids, ids.length - 1) : ids;
    }

    static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited for " + PATIENCE_SECONDS + " seconds");
            }
            Thread.sleep(1);
        }
    }
}
