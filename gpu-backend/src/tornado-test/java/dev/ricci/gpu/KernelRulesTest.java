package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.OperatorInstruction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What kernels may not contain, because some backend of TornadoVM compiles it to something else; see the bytecode. */
class KernelRulesTest {
    private static final List<Class<?>> KERNELS = List.of(ElementwiseKernels.class, MovementKernels.class,
            ReductionKernels.class, MatMulKernels.class, RowKernels.class, IndexKernels.class, AttentionKernels.class,
            StateKernels.class, ImageKernels.class, DeviceMath.class, Functions.class, Index.class);

    private static ClassModel parse(Class<?> type) throws IOException {
        try (var in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return ClassFile.of().parse(in.readAllBytes());
        }
    }

    /** An unsigned shift shifts the sign in (CUDA, OpenCL). A remainder of floats is no operator of C. */
    @Test
    void noForbiddenInstruction() throws IOException {
        List<Opcode> forbidden = List.of(Opcode.IUSHR, Opcode.LUSHR, Opcode.FREM, Opcode.DREM);
        List<String> found = new ArrayList<>();
        int seen = 0;
        for (Class<?> type : KERNELS) {
            for (MethodModel m : parse(type).methods()) {
                for (var e : m.code().orElseThrow()) {
                    if (e instanceof OperatorInstruction o) {
                        seen++;
                        if (forbidden.contains(o.opcode())) {
                            found.add(type.getSimpleName() + "." + m.methodName() + " " + o.opcode());
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), found);
        assertFalse(seen < 1000, "too few instructions were looked at: " + seen);
    }

    /** A kernel called exp or log clashes with C's functions on CUDA. */
    @Test
    void kernelsHaveAPrefix() throws IOException {
        int kernels = 0;
        for (Class<?> type : KERNELS) {
            for (MethodModel m : parse(type).methods()) {
                if (m.methodType().stringValue().startsWith("(Luk/ac/manchester/tornado/api/KernelContext;Luk/ac/manchester"
                        + "/tornado/api/types/arrays/FloatArray;")) {
                    assertEquals("k", m.methodName().stringValue().substring(0, 1), m.methodName().stringValue());
                    kernels++;
                }
            }
        }
        assertEquals(Kernel.values().length, kernels);
    }
}
