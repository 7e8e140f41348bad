package dev.ricci.examples;

import dev.ricci.models.diffusion.Reveal;
import dev.ricci.models.tokenizer.Tokenizer;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.function.Consumer;

/** Shows a text while it is denoised: a line after each step, with {@code _} for each token that is hidden yet. */
final class Watcher implements Consumer<Reveal> {
    private final Tokenizer tokenizer;
    private final int maskId;
    private final PrintStream out;
    private final int[] ids;
    private int step = 1;

    /**
     * @param ids the text as it begins
     * @param out where lines go, or null for none
     */
    Watcher(Tokenizer tokenizer, int maskId, int[] ids, PrintStream out) {
        this.tokenizer = tokenizer;
        this.maskId = maskId;
        this.ids = ids.clone();
        this.out = out;
    }

    @Override
    public void accept(Reveal r) {
        if (r.step() > step) {
            show();
            step = r.step();
        }
        // A last block may reach beyond what was asked for.
        if (r.position() < ids.length) {
            ids[r.position()] = r.id();
        }
    }

    /** The line of the last step. */
    void end() {
        show();
    }

    /** How many steps there were. */
    int steps() {
        return step;
    }

    private void show() {
        if (out == null) {
            return;
        }
        StringBuilder line = new StringBuilder();
        for (int from = 0; from < ids.length;) {
            boolean hidden = ids[from] == maskId;
            int to = from + 1;
            while (to < ids.length && (ids[to] == maskId) == hidden) {
                to++;
            }
            line.append(hidden ? "_".repeat(to - from) : tokenizer.decode(Arrays.copyOfRange(ids, from, to)));
            from = to;
        }
        out.printf("%4d  %s%n", step, line.toString().replace('\n', '\u21b5'));
    }
}
