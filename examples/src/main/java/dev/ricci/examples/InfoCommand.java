package dev.ricci.examples;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.spi.BackendProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/** Says what this machine offers: the first thing to look at, and to quote, when something is slow or missing. */
@Command(name = "info", description = "Show the JVM, the kernels, the threads and the backends found.")
public final class InfoCommand implements RicciCommand {
    private static final long MEBIBYTE = 1 << 20;

    /** Made by the service loader. */
    public InfoCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("ricci", Version.current());
        found.put("java", Runtime.version().toString());
        found.put("jvm", System.getProperty("java.vm.name"));
        found.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        found.put("vector_api", ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
        found.put("processors", Runtime.getRuntime().availableProcessors());
        found.put("threads", options.threads());
        found.put("max_heap_mb", Runtime.getRuntime().maxMemory() / MEBIBYTE);
        found.put("cpu_backend", Backends.cpu().name());
        for (BackendProvider provider : Backends.providers()) {
            String reason = provider.unavailable();
            found.put(provider.name(), reason == null ? "ready" : reason);
        }
        found.forEach((name, value) -> options.out().printf("%-12s %s%n", name, value));
        return found;
    }
}
