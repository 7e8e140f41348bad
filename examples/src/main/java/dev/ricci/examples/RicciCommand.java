package dev.ricci.examples;

import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A command of {@code ricci}: a class with a picocli {@code @Command} annotation that gives its name and its own options.
 *
 * <p>Commands are found through {@link java.util.ServiceLoader}, in the order in which they are named there. {@link Ricci}
 * adds {@code --json}, {@code --seed}, {@code --threads}, {@code --help} and {@code --version} to each, prints its results
 * and turns its exceptions into exit codes, so that every command keeps the same contract without knowing it.
 */
public interface RicciCommand {
    /**
     * Does the work.
     *
     * @param options what every command takes, and where its text for people goes: a command writes to
     *     {@link CommonOptions#out()}, never to {@code System.out}
     * @return the results under their names, in the order in which {@code --json} prints them: strings, booleans, finite
     *     numbers, lists and maps of such
     * @throws UsageException if the options do not fit together (exit code 2)
     * @throws Exception whatever made the work fail (exit code 1); its message is what the user reads
     */
    Map<String, ?> run(CommonOptions options) throws Exception;

    /**
     * Adds options that annotations cannot express, before the command line is parsed.
     *
     * @param spec the command's specification
     */
    default void addOptions(CommandSpec spec) {
    }
}
