package dev.ricci.testkit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Changes one sign, axis, scale or operation of the gradient rules and the kernels at a time, and sees whether the
 * catalogue notices. See docs/mutation.md for how to run it.
 */
public final class MutationCheck {
    private static final int READY_SECONDS = 180;
    private static final int MUTANT_SECONDS = 60;

    /** What is mutated, and with which kernels. */
    private enum Group {
        RULES("dev/ricci/autograd/\\w+Vjp", "plain"),
        PLAIN("dev/ricci/tensor/cpu/(?!CpuBackend|Threads|Parallel|Scratch)(rows/)?\\w+", "plain"),
        VECTOR("dev/ricci/tensor/cpu/vector/(?!Narrow)\\w+", "vector", "512"),
        /** What only narrow vectors run. */
        NARROW("dev/ricci/tensor/cpu/vector/Narrow\\w+", "vector", "256");

        private final Pattern classes;
        private final List<String> options;

        Group(String classes, String kernels, String... bits) {
            this.classes = Pattern.compile(classes + "(\\$\\w+)?\\.class");
            this.options = Stream.concat(Stream.of("-Dricci.kernels=" + kernels),
                    Stream.of(bits).map(b -> "-Dricci.vector.bits=" + b)).toList();
        }
    }

    private record Mutant(String type, Mutation mutation, String result) {
        boolean survived() {
            return result.equals("survived") || result.equals("uncovered");
        }
    }

    private MutationCheck() {
    }

    /**
     * @param args options: {@code --group rules|plain|vector|narrow} (all), {@code --every N} to run one mutant in N,
     *     {@code --report FILE}
     */
    public static void main(String[] args) throws Exception {
        List<Group> groups = new ArrayList<>(List.of(Group.values()));
        int every = 1;
        Path report = null;
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--group" -> groups = List.of(Group.valueOf(args[i + 1].toUpperCase(Locale.ROOT)));
                case "--every" -> every = Integer.parseInt(args[i + 1]);
                case "--report" -> report = Path.of(args[i + 1]);
                default -> throw new IllegalArgumentException("no option " + args[i]);
            }
        }
        StringBuilder text = new StringBuilder(heading(every));
        StringBuilder survivors = new StringBuilder();
        for (Group group : groups) {
            List<Mutant> mutants = run(group, every);
            long timedOut = mutants.stream().filter(m -> m.result.equals("timed out")).count();
            List<Mutant> alive = mutants.stream().filter(Mutant::survived).toList();
            String row = String.format(Locale.ROOT, "| %s | %d | %d | %d | %d | %.1f %% |%n",
                    group.name().toLowerCase(Locale.ROOT), mutants.size(), mutants.size() - alive.size() - timedOut,
                    timedOut, alive.size(), 100.0 * (mutants.size() - alive.size()) / Math.max(1, mutants.size()));
            System.out.print(row);
            text.append(row);
            survivors.append("\n## Survivors: ").append(group.name().toLowerCase(Locale.ROOT)).append("\n\n")
                    .append("| class | method | line | change | |\n|---|---|---|---|---|\n");
            alive.forEach(m -> survivors.append("| ").append(m.type.substring(m.type.lastIndexOf('.') + 1))
                    .append(" | ").append(m.mutation.method().replaceAll("\\(.*", "")).append(" | ")
                    .append(m.mutation.line()).append(" | ").append(m.mutation.kind()).append(" | ").append(m.result)
                    .append(" |\n"));
        }
        text.append(survivors);
        if (report == null) {
            System.out.print(survivors);
        } else {
            Files.writeString(report, text);
        }
    }

    private static String heading(int every) {
        return """
                # Mutation check

                One change at a time in the compiled gradient rules and kernels; each mutant runs the rows of the
                catalogue that enter its method. `docs/mutation.md` says what is changed, how to run it, and how to
                read the survivors.%s

                | group | mutants | killed | timed out (killed) | survived | score |
                |---|---|---|---|---|---|
                """.formatted(every == 1 ? "" : " This is a sample: one mutant in " + every + ".");
    }

    /** All mutants of a group with their results. */
    private static List<Mutant> run(Group group, int every) throws IOException, InterruptedException {
        List<String> classes = classes(group);
        List<Mutant> mutants = new ArrayList<>();
        List<Mutation> all = new ArrayList<>();
        List<String> owners = new ArrayList<>();
        for (String name : classes) {
            ClassModel model = ClassFile.of().parse(MutationCheck.class.getResourceAsStream("/" + name.replace('.', '/')
                    + ".class").readAllBytes());
            Mutation.of(model).forEach(m -> {
                all.add(m);
                owners.add(name);
            });
        }
        int next = 0;
        while (next < all.size()) {
            int from = next;
            Process worker = start(group, from, every, classes);
            LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
            Thread reader = Thread.ofPlatform().daemon().start(() -> read(worker, lines));
            String line = lines.poll(READY_SECONDS, TimeUnit.SECONDS);
            if (!"ready".equals(line)) {
                worker.destroyForcibly();
                throw new IllegalStateException("the worker did not start: " + line);
            }
            for (next = (from + every - 1) / every * every; next < all.size(); next += every) {
                line = lines.poll(MUTANT_SECONDS, TimeUnit.SECONDS);
                boolean ended = line == null || line.isEmpty();
                mutants.add(new Mutant(owners.get(next), all.get(next), ended ? "timed out"
                        : line.substring(line.indexOf(' ') + 1)));
                if (ended) {
                    next += every;
                    break;
                }
            }
            worker.destroyForcibly();
            reader.join();
        }
        return mutants;
    }

    private static void read(Process worker, LinkedBlockingQueue<String> lines) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(worker.getInputStream(),
                StandardCharsets.UTF_8))) {
            in.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException e) {
            // The worker was killed.
        }
        lines.add("");
    }

    private static Process start(Group group, int from, int every, List<String> classes) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                .toString(), "-javaagent:" + agent(), "-Xmx2g", "--add-modules", "jdk.incubator.vector",
                "-Dricci.threads=2"));
        command.addAll(group.options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), MutationWorker.class.getName(),
                group == Group.RULES ? "rules" : "kernels", String.valueOf(from), String.valueOf(every)));
        command.addAll(classes);
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** A jar that makes the worker an agent; its class is found on the class path. */
    private static Path agent() throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", MutationWorker.class.getName());
        manifest.getMainAttributes().putValue("Can-Redefine-Classes", "true");
        Path jar = Files.createTempFile("ricci-mutation", ".jar");
        jar.toFile().deleteOnExit();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            out.finish();
        }
        return jar;
    }

    /** The classes of a group, by the folders of the class path that hold Ricci's modules. */
    private static List<String> classes(Group group) throws IOException {
        List<String> found = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator))) {
            Path root = Path.of(entry);
            if (Files.isDirectory(root)) {
                try (Stream<Path> files = Files.walk(root)) {
                    found.addAll(files.map(f -> root.relativize(f).toString().replace('\\', '/'))
                            .filter(f -> group.classes.matcher(f).matches())
                            .map(f -> f.substring(0, f.length() - ".class".length()).replace('/', '.'))
                            .sorted().collect(Collectors.toList()));
                }
            }
        }
        if (found.isEmpty()) {
            throw new IllegalStateException("no classes of " + group + " in folders of the class path");
        }
        return found;
    }
}
