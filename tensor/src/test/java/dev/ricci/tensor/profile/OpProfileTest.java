package dev.ricci.tensor.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpProfileTest {
    private static TensorSpec f32(int... shape) {
        return TensorSpec.f32(Shape.of(shape));
    }

    @Test
    void aMatmulCountsTwoFlopsAMultiplyAddAndItsOperandsOnce() {
        OpCost cost = OpCost.of(new Contraction.MatMul(), List.of(f32(3, 5), f32(5, 7)), List.of(f32(3, 7)));
        assertEquals(2 * 3 * 5 * 7, cost.flops());
        assertEquals(4 * (15 + 35 + 21), cost.bytes());
        assertEquals(210 / 284.0, cost.intensity());
    }

    @Test
    void attentionCountsOnlyThePairsThatAreSeen() {
        List<TensorSpec> in = List.of(f32(2, 4, 6, 8), f32(2, 2, 6, 8), f32(2, 2, 6, 10));
        List<TensorSpec> out = List.of(f32(2, 4, 6, 10), f32(2, 4, 6));
        assertEquals(2L * 2 * 4 * 36 * 18, OpCost.of(new AttentionOp.Attention(1, false, 0), in, out).flops());
        assertEquals(2L * 2 * 4 * 21 * 18, OpCost.of(new AttentionOp.Attention(1, true, 0), in, out).flops());
        assertEquals(2L * 2 * 4 * (1 + 2 * 5) * 18, OpCost.of(new AttentionOp.Attention(1, true, 2), in, out).flops());
        assertEquals(2L * 2 * 4 * (6 + 2 * 5) * 18, OpCost.of(new AttentionOp.Attention(1, false, 2), in, out).flops());
    }

    private static OpProfile.Row row(OpProfile profile, String name) {
        return profile.rows().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void listensToWhatRuns() {
        Tensor a = Rng.of(1).normal(16, 16);
        OpProfile profile = new OpProfile();
        Tensor y = profile.listen(() -> {
            Tensor b = a.matmul(a).matmul(a.transpose(0, 1));
            return Functional.layerNorm(b, Tensor.ones(16), null, 1e-5);
        });
        assertEquals(2, row(profile, "matmul").calls());
        assertEquals(0, row(profile, "permute").bytes());
        OpProfile.Row total = profile.total();
        assertEquals(profile.rows().stream().mapToLong(OpProfile.Row::flops).sum(), total.flops());
        assertTrue(total.nanos() > 0);
        String[] lines = profile.table().split("\n");
        assertEquals(profile.rows().size() + 2, lines.length);
        assertTrue(lines[0].startsWith("op") && lines[lines.length - 1].startsWith("total"), profile.table());
        assertEquals(256, y.size());
    }
}
