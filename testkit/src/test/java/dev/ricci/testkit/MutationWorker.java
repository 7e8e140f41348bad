package dev.ricci.testkit;

import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.spi.Backend;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.instrument.ClassDefinition;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.sessions.JqwikSession;

/**
 * Runs mutants, one after the other, by redefining one class at a time; prints a line for each. A mutant that never
 * ends takes this JVM with it: {@link MutationCheck} kills it and starts another one behind the mutant.
 */
public final class MutationWorker {
    private static final int CASES = 20;
    private static Instrumentation instrumentation;

    private final List<Target> targets = new ArrayList<>();
    private final Map<Integer, List<OpRow>> rowsOfMethod = new HashMap<>();
    private final boolean rules;
    private final Backend backend;

    private record Target(Class<?> type, byte[] bytes, ClassModel model, List<Mutation> mutations, int firstMethod) {
    }

    private MutationWorker(boolean rules) {
        this.rules = rules;
        this.backend = rules ? null : CpuBackend.create();
    }

    /** Called by the JVM for {@code -javaagent}. */
    public static void premain(String arguments, Instrumentation given) {
        instrumentation = given;
    }

    /**
     * Runs the mutants of some classes.
     *
     * @param args {@code rules} or {@code kernels}; the number of the first mutant; of how many one is run; classes
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err);
        MutationWorker worker = new MutationWorker(args[0].equals("rules"));
        int from = Integer.parseInt(args[1]);
        int every = Integer.parseInt(args[2]);
        for (int i = 3; i < args.length; i++) {
            worker.load(args[i]);
        }
        JqwikSession.start();
        worker.cover();
        out.println("ready");
        int n = 0;
        for (Target t : worker.targets) {
            for (Mutation m : t.mutations) {
                if (n >= from && n % every == 0) {
                    out.println(n + " " + worker.run(t, m));
                    out.flush();
                }
                n++;
            }
        }
        JqwikSession.finish();
        System.exit(0);
    }

    private void load(String name) throws IOException, ClassNotFoundException {
        Class<?> type = Class.forName(name);
        try (InputStream in = type.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
            byte[] bytes = in.readAllBytes();
            ClassModel model = ClassFile.of().parse(bytes);
            int methods = targets.stream().mapToInt(t -> t.model.methods().size()).sum();
            targets.add(new Target(type, bytes, model, Mutation.of(model), methods));
        }
    }

    /** Finds which rows enter which methods, so that a mutant runs only those. */
    private void cover() throws ReflectiveOperationException, UnmodifiableClassException {
        for (Target t : targets) {
            define(t, Mutation.counted(t.model, t.firstMethod));
        }
        for (OpRow row : OpCatalog.rows()) {
            MutationProbe.takeHits();
            String failure = failure(row);
            if (failure != null) {
                throw new IllegalStateException(row.name() + " fails without a mutation: " + failure);
            }
            BitSet hits = MutationProbe.takeHits();
            hits.stream().forEach(m -> rowsOfMethod.computeIfAbsent(m, k -> new ArrayList<>()).add(row));
        }
        for (Target t : targets) {
            define(t, t.bytes);
        }
    }

    private void define(Target t, byte[] bytes) throws ReflectiveOperationException, UnmodifiableClassException {
        instrumentation.redefineClasses(new ClassDefinition(t.type, bytes));
    }

    private String run(Target t, Mutation m) throws ReflectiveOperationException, UnmodifiableClassException {
        List<String> names = t.model.methods().stream().map(Mutation::name).toList();
        List<OpRow> rows = rowsOfMethod.getOrDefault(t.firstMethod + names.indexOf(m.method()), List.of());
        if (rows.isEmpty()) {
            return "uncovered";
        }
        define(t, m.apply(t.model));
        try {
            for (OpRow row : rows) {
                String failure = failure(row);
                if (failure != null) {
                    return "killed by " + row.name();
                }
            }
            return "survived";
        } finally {
            define(t, t.bytes);
        }
    }

    /** What a row finds, or null. Without shrinking. */
    private String failure(OpRow row) {
        try {
            if (rules) {
                each(row, Profile.FINITE_DIFFERENCES, c -> {
                    if (row.isDifferentiable()) {
                        GradientConformance.checkDifferences(row, c);
                    }
                    GradientConformance.checkOthers(row, c);
                });
            } else {
                each(row, Profile.FORWARD, c -> BackendConformance.checkForward(backend, row, c));
                if (row.isDifferentiable()) {
                    each(row, Profile.GRADIENT, c -> BackendConformance.checkGradient(backend, row, c));
                }
            }
            return null;
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static void each(OpRow row, Profile profile, Consumer<OpCase> check) {
        RandomGenerator<OpCase> generator = row.cases(profile).generator(CASES);
        Random random = new Random(row.name().hashCode() + 1);
        for (int i = 0; i < CASES; i++) {
            check.accept(generator.next(random).value());
        }
    }
}
