package dev.ricci.models.diffusion;

import dev.ricci.models.generation.FailedGenerationException;
import dev.ricci.models.generation.Generation.Finish;
import dev.ricci.models.generation.Generation.Token;
import dev.ricci.models.generation.TokenStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/** The ids of a text that is denoised, each as soon as all before it are known, up to one that ends it. */
final class OrderedTokens implements TokenStream {
    private final DiffusionRun run;
    private final int promptTokens;
    private final Set<Integer> stopIds;
    /** What is known of the tokens that are asked for. */
    private final Reveal[] known;
    private int told;
    private volatile Finish finish;

    OrderedTokens(DiffusionRun run, int promptTokens, int newTokens, Set<Integer> stopIds) {
        this.run = run;
        this.promptTokens = promptTokens;
        this.stopIds = stopIds;
        this.known = new Reveal[newTokens];
    }

    @Override
    public Optional<Token> next(Duration wait) throws InterruptedException, TimeoutException {
        long end = System.nanoTime() + wait.toNanos();
        while (finish == null) {
            if (told == known.length) {
                ended(Finish.LENGTH);
            } else if (known[told] == null) {
                take(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            } else if (stopIds.contains(known[told].id())) {
                ended(Finish.STOP);
            } else {
                Reveal r = known[told++];
                return Optional.of(new Token(r.id(), StrictMath.log(r.confidence()), List.of()));
            }
        }
        return Optional.empty();
    }

    private void take(Duration wait) throws InterruptedException, TimeoutException {
        Optional<Reveal> reveal;
        try {
            reveal = run.next(wait);
        } catch (FailedGenerationException e) {
            finish = Finish.FAILED;
            throw e;
        }
        if (reveal.isEmpty()) {
            ended(Finish.CANCELLED);
            return;
        }
        int place = reveal.get().position() - promptTokens;
        // Of a last block more may be written than was asked for.
        if (place < known.length) {
            known[place] = reveal.get();
        }
    }

    private void ended(Finish why) {
        finish = why;
        run.cancel();
    }

    @Override
    public Optional<Finish> finish() {
        return Optional.ofNullable(finish);
    }

    @Override
    public int promptTokens() {
        return promptTokens;
    }

    /** None: every text has caches of its own. */
    @Override
    public int reusedTokens() {
        return 0;
    }

    @Override
    public void close() {
        if (finish == null) {
            ended(Finish.CANCELLED);
        }
    }
}
