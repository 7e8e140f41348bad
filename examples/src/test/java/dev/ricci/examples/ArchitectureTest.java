package dev.ricci.examples;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What module descriptors cannot say about who may use what, and what kernels may not call. */
class ArchitectureTest {
    /** Functions that the interpreter, the compilers and other processors are free to round differently. */
    private static final Set<String> ROUNDED_FREELY = Set.of("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
        "cosh", "tanh", "exp", "expm1", "log", "log10", "log1p", "pow", "cbrt", "hypot");

    /** Each module's packages, and those of Ricci and of others that it may use beside the JDK's. */
    private static final Map<String, List<String>> MAY_USE = Map.of(
        "tensor", List.of(),
        "autograd", List.of("tensor"),
        "nn", List.of("tensor", "autograd"),
        "models", List.of("tensor", "autograd", "nn"),
        "gpu", List.of("tensor"),
        "testkit", List.of("tensor", "autograd"));

    private static JavaClasses ricci;

    @BeforeAll
    static void read() {
        // ArchUnit logs through SLF4J, which would say on standard error that there is nothing to log to.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        ricci = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.ricci");
    }

    @Test
    void readsEveryModule() {
        Set<String> read = new TreeSet<>();
        ricci.forEach(type -> read.add(type.getPackageName().split("\\.")[2]));
        assertEquals(Set.of("autograd", "examples", "gpu", "models", "nn", "tensor", "testkit"), read);
    }

    @Test
    void dependenciesPointOneWay() {
        MAY_USE.forEach((module, others) -> {
            List<String> outside = module.equals("testkit")
                ? List.of("java..", "net.jqwik..", "org.junit..", "org.opentest4j..", "org.apiguardian..")
                : List.of("java..", "jdk.incubator.vector..", "com.sun.net.httpserver..");
            String[] allowed = Stream.concat(outside.stream(),
                Stream.concat(Stream.of(module), others.stream()).map(name -> "dev.ricci." + name + "..")).toArray(String[]::new);
            classes().that().resideInAPackage("dev.ricci." + module + "..")
                .should().onlyDependOnClassesThat().resideInAnyPackage(allowed).allowEmptyShould(true).check(ricci);
        });
    }

    @Test
    void onlyTheVectorKernelsKnowTheVectorApi() {
        noClasses().that(describe("lie outside tensor.cpu.vector", type -> !resideInAnyPackage("dev.ricci.tensor.cpu.vector..")
            .test(type))).should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector..").check(ricci);
    }

    @Test
    void onlyTheServerKnowsTheHttpServer() {
        noClasses().that(describe("lie outside models.serve", type -> !resideInAnyPackage("dev.ricci.models.serve..")
            .test(type))).should().dependOnClassesThat().resideInAPackage("com.sun.net.httpserver..").check(ricci);
    }

    @Test
    void kernelsAreFreeOfFunctionsThatRoundDifferentlyWhenCompiled() {
        noVectorFunctions().check(ricci);
        noFloatingPointReduceLanes().check(ricci);
        noFreelyRoundedMath().check(ricci);
    }

    private static ArchRule noVectorFunctions() {
        return noClasses().should().accessFieldWhere(describe("is a lane-wise transcendental function",
            (JavaFieldAccess access) -> access.getTargetOwner().getName().equals("jdk.incubator.vector.VectorOperators")
                && ROUNDED_FREELY.contains(access.getName().toLowerCase(Locale.ROOT))))
            .because("the interpreter and the compiler round it differently: use a polynomial of fused multiply-adds");
    }

    private static ArchRule noFloatingPointReduceLanes() {
        return noClasses().should().callMethodWhere(describe("is a floating-point reduceLanes",
            (JavaMethodCall call) -> call.getName().startsWith("reduceLanes")
                && Set.of("jdk.incubator.vector.FloatVector", "jdk.incubator.vector.DoubleVector", "jdk.incubator.vector.Vector")
                    .contains(call.getTargetOwner().getName())))
            .because("its order of additions is not specified: store the lanes and add them in a fixed order");
    }

    private static ArchRule noFreelyRoundedMath() {
        return noClasses().should().callMethodWhere(describe("is a function of Math that may be rounded freely",
            (JavaMethodCall call) -> call.getTargetOwner().isEquivalentTo(Math.class) && ROUNDED_FREELY.contains(call.getName())))
            .because("the interpreter, the compilers and other processors may round it differently: use StrictMath");
    }

    /** Breaks each rule about kernels once. */
    private static final class Offender {
        float lanes(FloatVector vector) {
            return vector.reduceLanes(VectorOperators.ADD);
        }

        FloatVector function(FloatVector vector) {
            return vector.lanewise(VectorOperators.EXP);
        }

        double math(double x) {
            return Math.tanh(x);
        }
    }

    @Test
    void theRulesSeeAnOffender() {
        JavaClasses offender = new ClassFileImporter().importClasses(Offender.class);
        for (ArchRule rule : List.of(noVectorFunctions(), noFloatingPointReduceLanes(), noFreelyRoundedMath())) {
            assertThrows(AssertionError.class, () -> rule.check(offender), rule.getDescription());
        }
    }
}
