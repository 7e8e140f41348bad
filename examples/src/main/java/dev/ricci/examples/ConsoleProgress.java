package dev.ricci.examples;

import dev.ricci.nn.train.TrainingListener;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * One line on how a training goes: it overwrites itself on a terminal, elsewhere a new one appears now and then and after
 * each validation.
 */
final class ConsoleProgress implements TrainingListener {
    private static final int CELLS = 24;
    private static final int LINES = 20;
    private static final long REDRAW_MILLIS = 100;

    private final PrintStream out;
    private final boolean terminal;
    private long drawn;
    private String score = "";

    ConsoleProgress(PrintStream out) {
        this(out, System.console() != null && System.console().isTerminal());
    }

    ConsoleProgress(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    @Override
    public void onStart(Start event) {
        if (event.finishedSteps() > 0) {
            out.printf("going on after step %d%n", event.finishedSteps());
        }
    }

    @Override
    public void onEvaluate(Evaluation event) {
        score = String.format(Locale.ROOT, "  val %.4f%s", event.score(), event.best() ? " (best)" : "");
    }

    @Override
    public void onStep(Step event) {
        boolean last = event.step() == event.steps();
        if (terminal) {
            long now = System.currentTimeMillis();
            if (last || now - drawn >= REDRAW_MILLIS) {
                drawn = now;
                out.print("\r" + line(event) + (last ? System.lineSeparator() : ""));
                out.flush();
            }
        } else if (last || event.score().isPresent() || event.step() % Math.max(1, event.steps() / LINES) == 0) {
            out.println(line(event));
        }
    }

    private String line(Step e) {
        int full = (int) (CELLS * e.step() / e.steps());
        String bar = terminal ? "[" + "#".repeat(full) + ".".repeat(CELLS - full) + "] " : "";
        return String.format(Locale.ROOT, "%sstep %d/%d  loss %.4f  lr %.2e  %.0f tok/s  %s left%s  ", bar, e.step(),
            e.steps(), e.loss(), e.learningRate(), e.tokensPerSecond(), clock(e.remaining()), score);
    }

    private static String clock(Duration d) {
        return d.toHours() > 0 ? String.format(Locale.ROOT, "%d:%02d:%02d", d.toHours(), d.toMinutesPart(), d.toSecondsPart())
            : String.format(Locale.ROOT, "%02d:%02d", d.toMinutesPart(), d.toSecondsPart());
    }
}
