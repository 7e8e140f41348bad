package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.UnaryKind;
import dev.ricci.tensor.program.Buffer;
import dev.ricci.tensor.program.Instruction;
import dev.ricci.tensor.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes one instruction of a chain of element-wise ones, each of which is all that reads the one before: their results never
 * go through memory. The chain runs where its last op stood. Numbers are floats, or BOOL; memory is planned afterwards.
 */
final class Fusion {
    /** Ops further apart stay apart, for the operands of the first would have to live until the second runs. */
    private static final int NEAR = 8;

    /** What is one instruction so far. */
    private static final class Chain {
        final List<FusedOp.Stage> stages = new ArrayList<>();
        final List<Value> operands = new ArrayList<>();
        Instruction last;
        int at;
    }

    private final List<Instruction> all;
    private final Map<Buffer, Set<Integer>> readers = new HashMap<>();
    private final Map<Buffer, Set<Integer>> writers = new HashMap<>();
    /** By the result that the one op that reads it may take. */
    private final Map<Buffer, Chain> open = new HashMap<>();

    private Fusion(List<Instruction> all) {
        this.all = all;
        for (int n = 0; n < all.size(); n++) {
            note(readers, all.get(n).inputs(), n);
            note(writers, all.get(n).outputs(), n);
        }
    }

    private static void note(Map<Buffer, Set<Integer>> where, List<Value> values, int n) {
        values.forEach(v -> where.computeIfAbsent(v.buffer(), b -> new HashSet<>()).add(n));
    }

    /**
     * Fuses what it can.
     *
     * @param lowered all instructions of a program, in order
     */
    static List<Instruction> of(List<Instruction> lowered) {
        return new Fusion(lowered).run();
    }

    private List<Instruction> run() {
        Chain[] chains = new Chain[all.size()];
        for (int n = 0; n < chains.length; n++) {
            Instruction i = all.get(n);
            if (fuses(i)) {
                Chain chain = longest(i, n);
                append(chain, i, n);
                chains[n] = chain;
                Value out = i.outputs().getFirst();
                if (out.buffer().kind() == Buffer.Kind.SCRATCH && out.isWhole() && writers.get(out.buffer()).size() == 1
                        && readers.getOrDefault(out.buffer(), Set.of()).size() == 1) {
                    open.put(out.buffer(), chain);
                }
            }
        }
        List<Instruction> made = new ArrayList<>();
        for (int n = 0; n < chains.length; n++) {
            if (chains[n] == null || chains[n].stages.size() == 1) {
                made.add(all.get(n));
            } else if (chains[n].at == n) {
                made.add(fused(chains[n]));
            }
        }
        return made;
    }

    private static Instruction fused(Chain chain) {
        Shape shape = chain.last.outputs().getFirst().layout().shape();
        return new Instruction(new FusedOp(chain.stages), chain.operands.stream()
                .map(v -> new Value(v.buffer(), v.layout().reshape(shape))).toList(), chain.last.outputs());
    }

    /** The chain that an op continues, or a new one. */
    private Chain longest(Instruction i, int n) {
        Chain best = new Chain();
        for (Value v : i.inputs()) {
            Chain c = open.get(v.buffer());
            if (c != null && c.stages.size() > best.stages.size() && takes(c, v.buffer(), i, n)) {
                best = c;
            }
        }
        return best;
    }

    private boolean takes(Chain c, Buffer result, Instruction i, int n) {
        Shape shape = i.outputs().getFirst().layout().shape();
        long others = i.inputs().stream().filter(v -> v.buffer() != result).count();
        return n - c.at <= NEAR && c.stages.size() < Params.MAX_STAGES
                && c.operands.size() + others <= Params.MAX_OPERANDS && shape.rank() <= Params.MAX_RANK
                && i.inputs().stream().filter(v -> v.buffer() == result).allMatch(Value::isWhole)
                && c.operands.stream().allMatch(v -> v.layout().reshape(shape) != null && isUnchanged(v, c.at, n));
    }

    /** Whether nothing writes to a value between two instructions. */
    private boolean isUnchanged(Value v, int from, int to) {
        return writers.getOrDefault(v.buffer(), Set.of()).stream().noneMatch(w -> w > from && w < to);
    }

    private void append(Chain chain, Instruction i, int n) {
        Buffer above = chain.last == null ? null : chain.last.outputs().getFirst().buffer();
        int[] from = new int[i.inputs().size()];
        for (int k = 0; k < from.length; k++) {
            Value v = i.inputs().get(k);
            if (v.buffer() == above) {
                from[k] = FusedOp.ABOVE;
            } else {
                from[k] = chain.operands.size();
                chain.operands.add(v);
            }
        }
        chain.stages.add(new FusedOp.Stage((Elementwise) i.op(), Ints.of(from)));
        chain.last = i;
        chain.at = n;
    }

    /** Whether the kernel of chains can do an op. */
    private static boolean fuses(Instruction i) {
        return i.op() instanceof Elementwise op && switch (op) {
            // Their registers would slow all chains.
            case Elementwise.Unary o when o.kind() == UnaryKind.SIN || o.kind() == UnaryKind.COS -> false;
            case Elementwise.Unary o -> areFloats(i.inputs());
            case Elementwise.UnaryBackward o -> areFloats(i.inputs());
            case Elementwise.Gate o -> areFloats(i.inputs());
            // It has two results.
            case Elementwise.GateBackward o -> false;
            case Elementwise.Binary o -> areFloats(i.inputs());
            case Elementwise.Compare o -> areFloats(i.inputs());
            case Elementwise.Where o -> areFloats(i.outputs());
            case Elementwise.Cast o -> isFloatOrBool(i.inputs().getFirst()) && isFloatOrBool(i.outputs().getFirst());
        };
    }

    private static boolean areFloats(List<Value> values) {
        return values.stream().allMatch(v -> v.buffer().dtype() != DType.BOOL && isFloatOrBool(v));
    }

    private static boolean isFloatOrBool(Value v) {
        DType t = v.buffer().dtype();
        return t == DType.F32 || t == DType.F16 || t == DType.BF16 || t == DType.BOOL;
    }
}
