package dev.ricci.tensor.spi;

import dev.ricci.tensor.program.Graph;

/** A captured program made ready for a device. One run at a time. */
public interface CompiledProgram extends AutoCloseable {
    /**
     * Runs the ops. What the program updates is up to date for whoever reads its storage, at once or when it is read.
     *
     * @param inputs storages on the host of the graph's inputs, each whole and row-major
     * @param results storages on the host that the results are written to, each whole and row-major
     */
    void run(Storage[] inputs, Storage[] results);

    /** What it runs, after the backend's own changes. */
    Graph graph();

    /** How it runs and what memory it takes, as a table. */
    String table();

    /** Gives the device's memory back, after the values of what was updated have come to the host. It cannot run then. */
    @Override
    void close();
}
