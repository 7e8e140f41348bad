package dev.ricci.examples;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.spi.BackendProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Says in words what is installed, what is missing and how to get it: for the fast kernels, and for a GPU. */
@Command(name = "doctor", description = "Say what is installed and what is missing, with the remedy.")
public final class DoctorCommand implements RicciCommand {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** Made by the service loader. */
    public DoctorCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.present("Java", Runtime.version() + ", " + System.getProperty("java.vm.name")));
        findings.add(ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()
            ? Finding.present("fast kernels", Backends.cpu().name())
            : Finding.missing("fast kernels", "the Vector API is not there, so " + Backends.cpu().name() + " kernels run",
                "start java with --add-modules " + VECTOR_MODULE + ", as ./ricci does"));
        findings.addAll(new GpuSurvey(System.getenv(), Path.of("/"), System.getProperty("os.name")).findings());
        List<BackendProvider> providers = Backends.providers();
        boolean ready = false;
        for (BackendProvider p : providers) {
            String reason = p.unavailable();
            ready |= reason == null;
            findings.add(reason == null ? Finding.present("GPU backend", p.name())
                : Finding.missing("GPU backend", p.name() + ": " + reason, ""));
        }
        if (providers.isEmpty()) {
            findings.add(Finding.missing("GPU backend", "there is none on the class path", "add ricci-gpu-backend"));
        }
        findings.forEach(f -> options.out().println(f));
        options.out().println();
        options.out().println(ready ? "CPU and GPU are ready." : "The CPU is ready, which is all that most of Ricci needs; a GPU"
            + " is not, for what is said above.");
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("gpu", ready);
        results.put("findings", findings.stream().map(Finding::toMap).toList());
        return results;
    }
}
