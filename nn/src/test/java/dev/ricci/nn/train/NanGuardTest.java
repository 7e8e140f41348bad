package dev.ricci.nn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.tensor.Tensor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class NanGuardTest {
    private static NanGuard watch(Supplier<Tensor> body) {
        NanGuard guard = new NanGuard();
        guard.listen(body);
        return guard;
    }

    @Test
    void namesTheFirst() {
        NanGuard guard = watch(() -> Tensor.of(1, -1).mul(Tensor.of(2, 2)).log().add(1).exp());
        assertEquals("log", guard.firstNan().orElseThrow().op());
        assertTrue(guard.firstInfinity().isEmpty());
        assertTrue(guard.report().contains("the first NaN was made by 'log'"), guard.report());
    }

    @Test
    void tellsInfinitiesFromNaNs() {
        NanGuard guard = watch(() -> {
            Tensor inf = Tensor.of(1000).exp();
            return inf.sub(inf);
        });
        assertEquals("exp", guard.firstInfinity().orElseThrow().op());
        assertEquals("sub", guard.firstNan().orElseThrow().op());
    }

    @Test
    void takesAMaskOfInfinitiesForWhatItIs() {
        Tensor mask = Tensor.ofBooleans(new boolean[] {true, false});
        NanGuard guard = watch(() -> Tensor.of(1, 2).maskedFill(mask, Double.NEGATIVE_INFINITY).softmax(0));
        assertTrue(guard.firstNan().isEmpty() && guard.firstInfinity().isEmpty(), guard.report());
        NanGuard given = watch(() -> Tensor.of(Float.NaN).add(1));
        assertTrue(given.firstNan().isEmpty(), given.report());
    }

    @Test
    void seesBackwardPassesAndViews() {
        NanGuard guard = watch(() -> {
            Tensor x = Tensor.of(0, 4).tracked();
            Tensor loss = x.sqrt().flip(0).mul(Tensor.of(0, 0)).sum();
            return Gradients.of(loss).get(x);
        });
        assertTrue(guard.firstNan().isPresent(), guard.report());
        NanGuard views = watch(() -> Tensor.of(1, -1).flip(0).log().flip(0));
        assertEquals("log", views.firstNan().orElseThrow().op());
    }
}
