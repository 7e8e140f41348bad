package dev.ricci.testkit;

import static java.lang.constant.ConstantDescs.CD_Object;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * One change of one instruction of a compiled class: a sign, an axis, a scale or an operation.
 *
 * @param method name and descriptor
 * @param line of the source
 * @param site number of the element in the method's code
 * @param kind in words
 * @param change writes the changed instruction in place of the given one
 */
record Mutation(String method, int line, int site, String kind, BiConsumer<CodeBuilder, CodeElement> change) {
    private static final ClassDesc TENSOR = ClassDesc.of("dev.ricci.tensor.Tensor");
    private static final ClassDesc VECTOR = ClassDesc.of("jdk.incubator.vector.FloatVector");
    private static final ClassDesc PROBE = ClassDesc.of("dev.ricci.testkit.MutationProbe");
    private static final Map<Opcode, Opcode> SWAPPED = Map.of(Opcode.FADD, Opcode.FSUB, Opcode.FSUB, Opcode.FADD,
            Opcode.FMUL, Opcode.FDIV, Opcode.FDIV, Opcode.FMUL, Opcode.DADD, Opcode.DSUB, Opcode.DSUB, Opcode.DADD,
            Opcode.DMUL, Opcode.DDIV, Opcode.DDIV, Opcode.DMUL);
    private static final Map<String, String> RENAMED = Map.ofEntries(Map.entry("add", "sub"), Map.entry("sub", "add"),
            Map.entry("mul", "div"), Map.entry("div", "mul"), Map.entry("max", "min"), Map.entry("min", "max"),
            Map.entry("lt", "gt"), Map.entry("gt", "lt"), Map.entry("le", "ge"), Map.entry("ge", "le"),
            Map.entry("sin", "cos"), Map.entry("cos", "sin"), Map.entry("tril", "triu"), Map.entry("triu", "tril"));

    /** All mutations of a class. */
    static List<Mutation> of(ClassModel type) {
        List<Mutation> found = new ArrayList<>();
        boolean rule = type.thisClass().asInternalName().endsWith("Vjp");
        for (MethodModel m : type.methods()) {
            if (m.code().isPresent() && !m.methodName().equalsString("<clinit>")) {
                new Finder(m, rule, found).find();
            }
        }
        return found;
    }

    /** The class with this change. */
    byte[] apply(ClassModel type) {
        Predicate<MethodModel> here = m -> name(m).equals(method);
        CodeTransform code = CodeTransform.ofStateful(() -> new CodeTransform() {
            private int at;

            @Override
            public void accept(CodeBuilder b, CodeElement e) {
                if (at++ == site) {
                    change.accept(b, e);
                } else {
                    b.with(e);
                }
            }
        });
        return ClassFile.of().transformClass(type, ClassTransform.transformingMethodBodies(here, code));
    }

    /** The class whose methods note that they were entered, by numbers from {@code first} on in their order. */
    static byte[] counted(ClassModel type, int first) {
        List<String> names = type.methods().stream().map(Mutation::name).toList();
        byte[] bytes = ClassFile.of().transformClass(type, (b, e) -> {
            if (e instanceof MethodModel m && m.code().isPresent()) {
                int number = first + names.indexOf(name(m));
                b.transformMethod(m, MethodTransform.transformingCode(new CodeTransform() {
                    @Override
                    public void atStart(CodeBuilder code) {
                        code.loadConstant(number).invokestatic(PROBE, "hit",
                                MethodTypeDesc.ofDescriptor("(I)V"));
                    }

                    @Override
                    public void accept(CodeBuilder code, CodeElement element) {
                        code.with(element);
                    }
                }));
            } else {
                b.with(e);
            }
        });
        return bytes;
    }

    static String name(MethodModel m) {
        return m.methodName().stringValue() + m.methodType().stringValue();
    }

    /** Walks the code of one method. */
    private static final class Finder {
        private final MethodModel method;
        private final boolean rule;
        private final List<Mutation> found;
        private final List<CodeElement> code;
        private int line;
        private int site;

        Finder(MethodModel method, boolean rule, List<Mutation> found) {
            this.method = method;
            this.rule = rule;
            this.found = found;
            this.code = method.code().orElseThrow().elementList();
        }

        void find() {
            for (site = 0; site < code.size(); site++) {
                switch (code.get(site)) {
                    case LineNumber n -> line = n.line();
                    case OperatorInstruction o -> operator(o);
                    case ConstantInstruction c -> constant(c);
                    case InvokeInstruction i -> invoke(i);
                    case ArrayStoreInstruction s -> store(s);
                    case ReturnInstruction r -> returned(r);
                    default -> { }
                }
            }
        }

        /** Whether the value on the stack is a constant that doubling, or a change of sign, leaves as it is. */
        private boolean absorbs(boolean doubling) {
            int before = site - 1;
            while (before >= 0 && !(code.get(before) instanceof Instruction)) {
                before--;
            }
            double v = before >= 0 && code.get(before) instanceof ConstantInstruction c
                    && c.constantValue() instanceof Number n ? n.doubleValue() : 1;
            return Double.isNaN(v) || v == 0 || doubling && Double.isInfinite(v);
        }

        private void scaled(String what, BiConsumer<CodeBuilder, CodeElement> negated,
                BiConsumer<CodeBuilder, CodeElement> doubled) {
            if (!absorbs(false)) {
                add(what + " with the other sign", negated);
            }
            if (!absorbs(true)) {
                add(what + " twice as large", doubled);
            }
        }

        private void add(String kind, BiConsumer<CodeBuilder, CodeElement> change) {
            found.add(new Mutation(name(method), line, site, kind, change));
        }

        private void operator(OperatorInstruction o) {
            Opcode other = SWAPPED.get(o.opcode());
            if (other != null) {
                add(word(o.opcode()) + " becomes " + word(other), (b, e) -> b.with(OperatorInstruction.of(other)));
            } else if (o.opcode() == Opcode.FNEG || o.opcode() == Opcode.DNEG) {
                add("negation dropped", (b, e) -> { });
            }
        }

        private void constant(ConstantInstruction c) {
            ConstantDesc value = c.constantValue();
            if (value instanceof Float f && !f.isNaN()) {
                float to = f == 0 ? 1 : f.isInfinite() ? -f : 2 * f;
                add("constant " + f + " becomes " + to, (b, e) -> b.loadConstant(to));
            } else if (value instanceof Double d && !d.isNaN()) {
                double to = d == 0 ? 1 : d.isInfinite() ? -d : 2 * d;
                add("constant " + d + " becomes " + to, (b, e) -> b.loadConstant(to));
            } else if (value instanceof Integer i && isAxis()) {
                int to = i < 0 ? i - 1 : i + 1;
                add("axis or index " + i + " becomes " + to, (b, e) -> b.loadConstant(to));
            }
        }

        /** Whether the next instruction hands the constant to a method of tensors, shapes or layouts as an int. */
        private boolean isAxis() {
            for (int i = site + 1; i < code.size(); i++) {
                if (code.get(i) instanceof Instruction next) {
                    boolean second = next instanceof ConstantInstruction n && n.constantValue() instanceof Integer;
                    if (second) {
                        continue;
                    }
                    return next instanceof InvokeInstruction call
                            && call.owner().asInternalName().matches("dev/ricci/tensor/(Tensor|Shape|Layout)")
                            && call.typeSymbol().parameterList().stream().anyMatch(t -> t.descriptorString()
                                    .equals("I"));
                }
            }
            return false;
        }

        private void invoke(InvokeInstruction i) {
            String name = i.name().stringValue();
            ClassDesc owner = i.owner().asSymbol();
            MethodTypeDesc type = i.typeSymbol();
            boolean tensor = owner.equals(TENSOR) && type.returnType().equals(TENSOR);
            boolean vector = owner.equals(VECTOR) && type.returnType().equals(VECTOR);
            boolean math = owner.descriptorString().equals("Ljava/lang/Math;")
                    && type.returnType().descriptorString().matches("[FD]");
            if ((tensor || vector || math) && RENAMED.containsKey(name)) {
                String to = RENAMED.get(name);
                add(simple(owner) + "." + name + " becomes " + to, (b, e) ->
                        b.invoke(i.opcode(), owner, to, type, i.isInterface()));
            }
            if ((tensor || vector) && name.equals("neg")) {
                add(simple(owner) + ".neg dropped", (b, e) -> { });
            }
            if (vector && (name.equals("fma") || name.equals("mul"))) {
                add("FloatVector." + name + " negated", (b, e) -> b.with(e).invokevirtual(VECTOR, "neg",
                        MethodTypeDesc.of(VECTOR)));
            }
            if (math && name.equals("fma")) {
                boolean wide = type.returnType().descriptorString().equals("D");
                add("fma negated", (b, e) -> b.with(e).with(OperatorInstruction.of(wide ? Opcode.DNEG : Opcode.FNEG)));
            }
            if (name.equals("axis") && type.parameterCount() == 0) {
                add("axis becomes axis + 1", (b, e) -> b.with(e).iconst_1().iadd());
            }
            if (rule && name.equals("first")) {
                around("argument of first", true);
            }
        }

        private void store(ArrayStoreInstruction s) {
            switch (s.opcode()) {
                case FASTORE -> scaled("stored", (b, e) -> b.fneg().with(e), (b, e) -> b.fconst_2().fmul().with(e));
                case DASTORE -> scaled("stored", (b, e) -> b.dneg().with(e),
                        (b, e) -> b.loadConstant(2.0).dmul().with(e));
                case AASTORE -> {
                    if (rule && !(code.get(site - 1) instanceof ConstantInstruction)) {
                        around("tensor stored", false);
                    }
                }
                default -> { }
            }
        }

        private void returned(ReturnInstruction r) {
            switch (r.opcode()) {
                case FRETURN -> scaled("returned", (b, e) -> b.fneg().with(e), (b, e) -> b.fconst_2().fmul().with(e));
                case DRETURN -> scaled("returned", (b, e) -> b.dneg().with(e),
                        (b, e) -> b.loadConstant(2.0).dmul().with(e));
                case ARETURN -> {
                    if (method.methodTypeSymbol().returnType().equals(TENSOR)) {
                        around("tensor returned", true);
                    } else if (method.methodTypeSymbol().returnType().equals(VECTOR)) {
                        add("vector returned with the other sign", (b, e) -> b.invokevirtual(VECTOR, "neg",
                                MethodTypeDesc.of(VECTOR)).with(e));
                    }
                }
                default -> { }
            }
        }

        private void around(String what, boolean cast) {
            for (String change : List.of("negated", "doubled")) {
                add(what + " " + change, (b, e) -> {
                    b.invokestatic(PROBE, change, MethodTypeDesc.of(CD_Object, CD_Object));
                    if (cast) {
                        b.checkcast(TENSOR);
                    }
                    b.with(e);
                });
            }
        }

        private static String simple(ClassDesc type) {
            return type.displayName();
        }

        private static String word(Opcode o) {
            return o.name().substring(1).toLowerCase(Locale.ROOT);
        }
    }
}
