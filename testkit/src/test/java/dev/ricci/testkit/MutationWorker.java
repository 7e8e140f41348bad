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
    /** Most mutants die within a few cases; what survives them runs as many as the suites do. */
    private static final int[] CASES = {12, 200};
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
            String failure = failure(row, CASES[1]);
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
            for (int cases : CASES) {
                for (OpRow row : rows) {
                    if (failure(row, cases) != null) {
                        // What killed this one may well kill the next one in the method.
                        rows.remove(row);
                        rows.addFirst(row);
                        return "killed by " + row.name();
                    }
                }
            }
            return rules && conventionsFail() ? "killed by conventions" : "survived";
        } finally {
            define(t, t.bytes);
        }
    }

    /** What a row finds, or null. Without shrinking. */
    private String failure(OpRow row, int cases) {
        try {
            if (rules) {
                each(row, Profile.FINITE_DIFFERENCES, cases, c -> {
                    if (row.isDifferentiable()) {
                        GradientConformance.checkDifferences(row, c);
                    }
                    GradientConformance.checkOthers(row, c);
                });
            } else {
                each(row, Profile.FORWARD, cases, c -> BackendConformance.checkForward(backend, row, c));
                if (cases == CASES[1]) {
                    each(row, Profile.LARGE, 3, c -> BackendConformance.checkLarge(backend, row, c));
                }
                if (row.isDifferentiable()) {
                    each(row, Profile.GRADIENT, cases, c -> BackendConformance.checkGradient(backend, row, c));
                }
            }
            return null;
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static boolean conventionsFail() {
        try {
            GradientConventions.check();
            return false;
        } catch (RuntimeException | AssertionError e) {
            return true;
        }
    }

    private static void each(OpRow row, Profile profile, int cases, Consumer<OpCase> check) {
        RandomGenerator<OpCase> generator = row.cases(profile).generator(cases);
        Random random = new Random(row.name().hashCode() + 1L);
        for (int i = 0; i < cases; i++) {
            check.accept(generator.next(random).value());
        }
    }
}
