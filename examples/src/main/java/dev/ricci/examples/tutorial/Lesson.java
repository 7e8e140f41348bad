package dev.ricci.examples.tutorial;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a tutorial is given.
 *
 * @param out where it writes for its reader
 * @param quick whether to be small: a check that it runs, within seconds
 * @param seed of everything random
 * @param data folder with the user's own data, or null
 * @param files folder for files that it writes; it need not exist
 */
record Lesson(PrintStream out, boolean quick, long seed, Path data, Path files) {
    /** For a main method: in full, to standard output. */
    static Lesson standard() {
        return new Lesson(System.out, false, 1, null, Path.of("runs", "tutorial"));
    }

    /** One line, formatted as by {@link String#format}. */
    void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }

    /** The loss, at the first step and then every so many steps. */
    void every(int interval, int step, Tensor loss) {
        if (step == 1 || step % interval == 0) {
            say("step %5d   loss %.5f", step, loss.item());
        }
    }

    /** What a mistake is told: the message of the exception that the body must end in. */
    String refusal(Runnable mistake) {
        try {
            mistake.run();
        } catch (TensorException e) {
            say("%s", e.getMessage());
            return e.getMessage();
        }
        throw new IllegalStateException("the mistake was not noticed");
    }

    /** A heading, behind an empty line. */
    void heading(String title) {
        out.println("\n-- " + title);
    }

    /** One of two sizes. */
    int size(int full, int small) {
        return quick ? small : full;
    }
}
