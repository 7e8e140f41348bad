package dev.ricci.examples;

import java.io.PrintStream;
import picocli.CommandLine.Option;

/** What every command of {@code ricci} takes. {@link Ricci} adds it to each, and hands it to the command that runs. */
public final class CommonOptions {
    @Option(names = "--json",
        description = "Print the results as one JSON object, the last line of standard output; all else goes to standard error.")
    private boolean json;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of everything random.")
    private long seed;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
        description = "Threads that compute, 0: one per processor. The results are the same bits for any number.")
    private int threads;

    private final PrintStream standardOutput;
    private final PrintStream standardError;
    private final StopRequest stopRequest;

    CommonOptions(PrintStream standardOutput, PrintStream standardError, StopRequest stopRequest) {
        this.standardOutput = standardOutput;
        this.standardError = standardError;
        this.stopRequest = stopRequest;
    }

    /**
     * Whether the caller wants JSON, hence nothing that is only for a person at a terminal.
     *
     * @return true under {@code --json}
     */
    public boolean json() {
        return json;
    }

    /**
     * The seed of everything random.
     *
     * @return the number given, or 1
     */
    public long seed() {
        return seed;
    }

    /**
     * How many threads compute. {@link Ricci} has told the CPU backend already; commands only report it.
     *
     * @return the number given, or that of the processors
     */
    public int threads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /** Tells the CPU backend, which reads this property once, before its first work. */
    void applyThreads() {
        if (threads < 0) {
            throw new UsageException("--threads: must be 0 (one per processor) or more, got " + threads);
        }
        if (threads > 0) {
            System.setProperty("ricci.threads", Integer.toString(threads));
        }
    }

    /**
     * Where text for people goes.
     *
     * @return standard output, or standard error under {@code --json}
     */
    public PrintStream out() {
        return json ? standardError : standardOutput;
    }

    /**
     * The user's wish to stop; asking for it makes the command responsible for obeying it (see {@link StopRequest}).
     *
     * @return the same object at every call
     */
    public StopRequest stopRequest() {
        stopRequest.listen();
        return stopRequest;
    }
}
