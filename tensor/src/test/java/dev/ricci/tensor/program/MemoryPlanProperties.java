package dev.ricci.tensor.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class MemoryPlanProperties {
    private static Value scratch(int id, Random random) {
        int size = random.nextInt(200);
        DType type = random.nextInt(4) == 0 ? DType.I32 : DType.F32;
        return new Value(new Buffer(id, Buffer.Kind.SCRATCH, type, size, null), Layout.dense(Shape.of(size)));
    }

    /** Ops that write one new value each and read up to three earlier ones. */
    private static Graph graph(int ops, Random random) {
        List<Value> made = new ArrayList<>();
        List<Instruction> instructions = new ArrayList<>();
        for (int i = 0; i < ops; i++) {
            List<Value> in = new ArrayList<>();
            for (int k = random.nextInt(4); k > 0 && !made.isEmpty(); k--) {
                in.add(made.get(random.nextInt(made.size())));
            }
            made.add(scratch(i, random));
            instructions.add(new Instruction(new Movement.Copy(), in, List.of(made.getLast())));
        }
        return new Graph("random", List.of(), instructions, List.of());
    }

    /** Whoever runs the plan finds in each input what its op wrote. */
    @Property(tries = 300)
    void nobodyWritesOverWhatIsStillRead(@ForAll @IntRange(min = 1, max = 60) int ops, @ForAll long seed,
            @ForAll boolean small) {
        Graph graph = graph(ops, new Random(seed));
        int limit = small ? 300 : Integer.MAX_VALUE;
        MemoryPlan plan = MemoryPlan.of(graph, limit);
        Map<String, int[]> arenas = new HashMap<>();
        plan.arenas().forEach((type, sizes) -> {
            for (int i = 0; i < sizes.size(); i++) {
                assertTrue(sizes.get(i) <= limit, "an arena of " + sizes.get(i));
                arenas.put(type + " " + i, new int[sizes.get(i)]);
            }
        });
        for (Instruction i : graph.instructions()) {
            for (Value v : i.inputs()) {
                check(plan, arenas, v.buffer());
            }
            Buffer out = i.outputs().getFirst().buffer();
            MemoryPlan.Place p = plan.places().get(out);
            Arrays.fill(arenas.get(out.dtype() + " " + p.arena()), p.offset(), p.offset() + out.size(), out.id());
            for (Value v : i.inputs()) {
                check(plan, arenas, v.buffer());
            }
        }
        assertEquals(ops, plan.places().size());
        assertTrue(plan.bytes() <= plan.unsharedBytes() + 64L * ops, "with what aligning costs");
    }

    private static void check(MemoryPlan plan, Map<String, int[]> arenas, Buffer b) {
        MemoryPlan.Place p = plan.places().get(b);
        int[] arena = arenas.get(b.dtype() + " " + p.arena());
        for (int k = 0; k < b.size(); k++) {
            assertEquals(b.id(), arena[p.offset() + k], b + " at " + k);
        }
    }
}
