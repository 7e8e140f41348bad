package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.ModuleTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Everything public in an exported package has javadoc; what the comment must say is for a reader to judge. */
class DocumentationTest {
    private static final List<String> MODULES =
        List.of("tensor", "autograd", "nn", "testkit", "gpu-backend", "models", "examples");

    @Test
    void everythingExportedIsDocumented() throws IOException {
        List<String> bare = new ArrayList<>();
        int checked = 0;
        for (String module : MODULES) {
            Path sources = Path.of(System.getProperty("ricci.root"), module, "src", "main", "java");
            List<Path> files;
            try (Stream<Path> tree = Files.walk(sources)) {
                files = tree.filter(file -> file.toString().endsWith(".java")).sorted().toList();
            }
            Undocumented found = scan(files.stream().<JavaFileObject>map(Source::new).toList());
            checked += found.checked;
            bare.addAll(found.bare);
        }
        assertTrue(checked > 0, "no exported type found");
        assertEquals("", String.join("\n", bare), "public and without javadoc");
    }

    @Test
    void findsWhatHasNoComment() throws IOException {
        Undocumented found = scan(List.of(
            new Source("module m { exports p; }"),
            new Source("package q; public class NotExported { }"),
            new Source("""
                package p;
                /** Documented. */
                public class A {
                    public int field;
                    /** Documented. */
                    public A() { }
                    public void method() { }
                    @Override public String toString() { return ""; }
                    private void hidden() { }
                    void inner() { }
                    public record R(int x) { }
                    private static class Hidden { public void deep() { } }
                }
                """),
            new Source("package p; /** An interface. */ public interface I { void call(); }"),
            new Source("package p; /** An enum. */ public enum E { ONE, /** Two. */ TWO }")));
        assertEquals(List.of("p.A.field", "p.A.method", "p.A.R", "p.I.call", "p.E.ONE"), found.bare);
    }

    private static Undocumented scan(List<JavaFileObject> sources) throws IOException {
        JavacTask task = (JavacTask) ToolProvider.getSystemJavaCompiler()
            .getTask(null, null, null, List.of("-proc:none"), null, sources);
        List<CompilationUnitTree> units = new ArrayList<>();
        task.parse().forEach(units::add);
        Set<String> exported = new HashSet<>();
        for (CompilationUnitTree unit : units) {
            if (unit.getModule() instanceof ModuleTree module) {
                module.getDirectives().forEach(directive -> {
                    if (directive instanceof com.sun.source.tree.ExportsTree exports && exports.getModuleNames() == null) {
                        exported.add(exports.getPackageName().toString());
                    }
                });
            }
        }
        Undocumented scanner = new Undocumented(DocTrees.instance(task));
        for (CompilationUnitTree unit : units) {
            if (unit.getPackageName() != null && exported.contains(unit.getPackageName().toString())) {
                scanner.scan(unit, null);
            }
        }
        return scanner;
    }

    /** Walks what a user of the package can see, and no deeper. */
    private static final class Undocumented extends TreePathScanner<Void, Void> {
        private final DocTrees docs;
        private final List<String> bare = new ArrayList<>();
        private int checked;

        Undocumented(DocTrees docs) {
            this.docs = docs;
        }

        @Override
        public Void visitClass(ClassTree type, Void unused) {
            if (visible(type.getModifiers())) {
                check(type.getSimpleName().toString());
                return super.visitClass(type, unused);
            }
            return null;
        }

        @Override
        public Void visitMethod(MethodTree method, Void unused) {
            boolean inherited = method.getModifiers().getAnnotations().stream()
                .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
            if (visible(method.getModifiers()) && !inherited) {
                check(method.getName().toString());
            }
            return null;
        }

        @Override
        public Void visitVariable(VariableTree field, Void unused) {
            boolean component = getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD
                && !field.getModifiers().getFlags().contains(Modifier.STATIC);
            if (visible(field.getModifiers()) && !component) {
                check(field.getName().toString());
            }
            return null;
        }

        private boolean visible(ModifiersTree modifiers) {
            Tree around = getCurrentPath().getParentPath().getLeaf();
            Set<Modifier> flags = modifiers.getFlags();
            if (around.getKind() == Tree.Kind.INTERFACE || around.getKind() == Tree.Kind.ANNOTATION_TYPE) {
                return !flags.contains(Modifier.PRIVATE);
            }
            return flags.contains(Modifier.PUBLIC) || flags.contains(Modifier.PROTECTED);
        }

        private void check(String name) {
            checked++;
            TreePath path = getCurrentPath();
            if (docs.getDocCommentTree(path) == null) {
                StringBuilder owner = new StringBuilder(path.getCompilationUnit().getPackageName().toString());
                List<String> types = new ArrayList<>();
                for (TreePath up = path.getParentPath(); up != null; up = up.getParentPath()) {
                    if (up.getLeaf() instanceof ClassTree type) {
                        types.addFirst(type.getSimpleName().toString());
                    }
                }
                types.forEach(type -> owner.append('.').append(type));
                bare.add(owner + "." + name);
            }
        }
    }

    /** A source file, or a text in place of one. */
    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String text) {
            super(URI.create("string:///" + Integer.toHexString(text.hashCode()) + ".java"), Kind.SOURCE);
            this.text = text;
        }

        Source(Path file) {
            super(file.toUri(), Kind.SOURCE);
            try {
                text = Files.readString(file);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
