package dev.ricci.examples;

import dev.ricci.tensor.io.Json;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The command line {@code ricci}.
 *
 * <p>Every command keeps one contract, which lives here: {@code --json} makes the last line of standard output one JSON object
 * with the results, or {@code {"error": ...}}, and sends everything else to standard error; the exit code is 0 when done, 2 for
 * bad usage, 1 when it failed, 130 when it stopped in good order on Ctrl-C.
 */
@Command(name = "ricci", description = "Tensors, autodiff and modern language models in pure Java.",
    synopsisSubcommandLabel = "COMMAND", versionProvider = Version.class,
    footer = {"", "What a command takes: ricci COMMAND --help"})
public final class Ricci {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int BAD_USAGE = 2;
    private static final int STOPPED = 130;
    private static final int USAGE_WIDTH = 110;

    private final PrintStream out;
    private final PrintStream err;
    private final StopRequest stopRequest;

    private Ricci(PrintStream out, PrintStream err, StopRequest stopRequest) {
        this.out = out;
        this.err = err;
        this.stopRequest = stopRequest;
    }

    /**
     * Runs the command line and ends the JVM with its exit code.
     *
     * @param args what the user typed
     */
    public static void main(String[] args) {
        PrintStream results = System.out;
        if (wantsJson(args)) {
            // A stray print in a library must not come after, or into, the line that a program reads.
            System.setOut(System.err);
        }
        StopRequest stopRequest = new StopRequest(true);
        int code = new Ricci(results, System.err, stopRequest).execute(commands(args), args);
        results.flush();
        stopRequest.finish();
        System.exit(code);
    }

    /**
     * Runs the command line inside another program, for instance a test; no signal is caught and the JVM goes on.
     *
     * @param out takes the place of standard output
     * @param err takes the place of standard error
     * @param args what a user would type
     * @return the exit code
     */
    public static int run(PrintStream out, PrintStream err, String... args) {
        return run(commands(args), new StopRequest(false), out, err, args);
    }

    static int run(List<RicciCommand> commands, StopRequest stopRequest, PrintStream out, PrintStream err, String... args) {
        return new Ricci(out, err, stopRequest).execute(commands, args);
    }

    /** The command that is asked for alone, so that no time goes into the options of others; all if none is. */
    private static List<RicciCommand> commands(String... args) {
        String name = args.length == 0 ? "" : args[0];
        var all = ServiceLoader.load(RicciCommand.class).stream().toList();
        var asked = all.stream().filter(p -> p.type().getAnnotation(Command.class).name().equals(name)).toList();
        return (asked.isEmpty() ? all : asked).stream().map(ServiceLoader.Provider::get).toList();
    }

    private static boolean wantsJson(String[] args) {
        return Arrays.asList(args).contains("--json");
    }

    private int execute(List<RicciCommand> commands, String... args) {
        CommandLine line = new CommandLine(this);
        line.getCommandSpec().mixinStandardHelpOptions(true);
        for (RicciCommand command : commands) {
            CommandSpec spec = CommandSpec.forAnnotatedObject(command);
            command.addOptions(spec);
            spec.mixinStandardHelpOptions(true);
            spec.versionProvider(new Version());
            spec.addMixin("common", CommandSpec.forAnnotatedObject(new CommonOptions(out, err, stopRequest)));
            spec.usageMessage().showDefaultValues(true).sortOptions(false);
            line.addSubcommand(spec.name(), spec);
        }
        line.setUsageHelpWidth(USAGE_WIDTH);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        line.setExecutionStrategy(this::runCommand);
        line.setParameterExceptionHandler((e, given) -> badUsage(e.getCommandLine(), e, wantsJson(given)));
        return line.execute(args);
    }

    private int runCommand(ParseResult parsed) {
        Integer help = CommandLine.executeHelpRequest(parsed);
        if (help != null) {
            return help;
        }
        if (!parsed.hasSubcommand()) {
            CommandSpec top = parsed.commandSpec();
            throw new ParameterException(top.commandLine(), "Which command? One of "
                + String.join(", ", top.subcommands().keySet()));
        }
        CommandSpec spec = parsed.subcommand().commandSpec();
        RicciCommand command = (RicciCommand) spec.userObject();
        CommonOptions options = (CommonOptions) spec.mixins().get("common").userObject();
        try {
            options.applyThreads();
            Map<String, ?> results = command.run(options);
            if (options.json()) {
                out.println(Json.write(results));
            }
            return stopRequest.requested() ? STOPPED : DONE;
        } catch (UsageException e) {
            return badUsage(spec.commandLine(), e, options.json());
        } catch (Throwable e) {
            return failed(e, options.json());
        }
    }

    private int badUsage(CommandLine line, Exception e, boolean json) {
        err.println("ricci: " + e.getMessage());
        if (e instanceof ParameterException mistyped) {
            CommandLine.UnmatchedArgumentException.printSuggestions(mistyped, line.getErr());
        }
        err.println("What it takes: " + line.getCommandSpec().qualifiedName() + " --help");
        return error(e.getMessage(), json, BAD_USAGE);
    }

    private int failed(Throwable e, boolean json) {
        String message = Failures.message(e);
        err.println("ricci: " + message);
        if (!Failures.expected(e)) {
            err.println("This is a mistake in the program, please report it. Where it happened:");
            e.printStackTrace(err);
        }
        return error(message, json, FAILED);
    }

    private int error(String message, boolean json, int code) {
        if (json) {
            // A broken name of a file can be in the message: lone surrogates become question marks, which JSON can hold.
            byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
            out.println(Json.write(Map.of("error", new String(bytes, StandardCharsets.UTF_8))));
        }
        return code;
    }
}
