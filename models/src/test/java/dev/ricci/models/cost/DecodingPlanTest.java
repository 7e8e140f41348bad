package dev.ricci.models.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DecodingPlanTest {
    private static final CostModel LLADA = new CostModel(CostModel.presets().get("llada-8b"), 2);
    private static final Machine A6000 = Machine.presets().get("a6000");
    /** Two blocks of four tokens behind three, six steps. */
    private static final DecodingPlan PLAN = new DecodingPlan(DecodingMethod.FULL, 1, 3, 8, 4, 6);

    private static List<String> passes(DecodingMethod method) {
        return PLAN.with(method).phases().stream().map(p -> p.count() + " x " + p.pass().queries() + "/" + p.pass().keys()
                + " block " + p.pass().block() + " logits " + p.pass().logits()).toList();
    }

    @Test
    void everyMethodPassByPass() {
        assertEquals("1 x 3/3 block 1 logits 1", passes(DecodingMethod.AUTOREGRESSIVE).getFirst());
        assertEquals("1 x 1/10 block 1 logits 1", passes(DecodingMethod.AUTOREGRESSIVE).getLast());
        assertEquals(8, passes(DecodingMethod.AUTOREGRESSIVE).size());
        assertEquals(List.of("6 x 11/11 block 11 logits 4"), passes(DecodingMethod.FULL));
        assertEquals(List.of("3 x 7/7 block 7 logits 4", "3 x 11/11 block 11 logits 4"), passes(DecodingMethod.GROWING));
        assertEquals(List.of("1 x 3/3 block 4 logits 0", "3 x 4/7 block 4 logits 4", "1 x 4/7 block 4 logits 0",
                "3 x 4/11 block 4 logits 4"), passes(DecodingMethod.BLOCK));
        assertEquals(List.of("2 x 11/11 block 11 logits 4", "2 x 8/11 block 8 logits 4", "2 x 4/11 block 4 logits 4"),
                passes(DecodingMethod.PREFIX_CACHE));
        assertEquals(List.of("2 x 11/11 block 11 logits 4", "2 x 4/11 block 4 logits 4", "2 x 4/11 block 4 logits 4"),
                passes(DecodingMethod.DUAL_CACHE));
    }

    @Test
    void aMaskOfBlocksIsBetweenCausalAndNone() {
        assertEquals(5 + 6 + 7, new Pass(1, 3, 7, 1, 0).pairs(0));
        assertEquals(2 * 6 + 7, new Pass(1, 3, 7, 2, 0).pairs(0));
        assertEquals(3 * 7, new Pass(1, 3, 7, Integer.MAX_VALUE, 0).pairs(0));
        assertEquals(3 * 4, new Pass(1, 3, 7, 1, 0).pairs(4));
        assertEquals(6, new Pass(1, 3, 7, 1, 0).keys(4));
    }

    @ParameterizedTest
    @EnumSource(names = "AUTOREGRESSIVE", mode = EnumSource.Mode.EXCLUDE)
    void atBreakEvenBothTakeTheSameTime(DecodingMethod method) {
        DecodingPlan plan = new DecodingPlan(method, 1, 256, 256, 32, 256);
        double steps = LLADA.breakEvenSteps(plan, LLADA.cost(plan.withSteps(64), A6000).seconds(), A6000);
        assertEquals(64, steps, 1e-6);
    }

    /** The claims of the paper's abstract, in this model. */
    @Test
    void blocksWinAloneAndLoseInBatches() {
        DecodingPlan one = new DecodingPlan(DecodingMethod.AUTOREGRESSIVE, 1, 128, 256, 32, 64);
        double ar = LLADA.cost(one, A6000).seconds();
        assertTrue(LLADA.cost(one.with(DecodingMethod.BLOCK), A6000).seconds() < ar / 2);
        assertTrue(LLADA.cost(one.with(DecodingMethod.FULL).withSteps(256), A6000).seconds() > ar);
        DecodingPlan many = new DecodingPlan(DecodingMethod.AUTOREGRESSIVE, 64, 128, 256, 32, 64);
        assertTrue(LLADA.cost(many.with(DecodingMethod.BLOCK), A6000).seconds() > LLADA.cost(many, A6000).seconds());
    }

    @Test
    void theOpsOfAGenerationAddUpToIt() {
        DecodingPlan plan = PLAN.with(DecodingMethod.BLOCK);
        Cost all = LLADA.costByOp(plan, A6000).values().stream().reduce(Cost.ZERO, Cost::plus);
        assertEquals(1, all.seconds() / LLADA.cost(plan, A6000).seconds(), 1e-12);
        assertEquals(LLADA.cost(plan, A6000).flops(), all.flops());
    }

    @Test
    void lengthsMustFit() {
        assertThrows(TensorException.class, () -> new DecodingPlan(DecodingMethod.FULL, 1, 3, 8, 3, 6));
        assertThrows(TensorException.class, () -> new DecodingPlan(DecodingMethod.FULL, 1, 3, 8, 4, 5));
        assertThrows(TensorException.class, () -> new DecodingPlan(DecodingMethod.FULL, 1, 0, 8, 4, 6));
    }

    @Test
    void aMachineIsReadAsWritten(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("machine.json");
        A6000.write(file);
        assertEquals(A6000, Machine.read(file));
        assertEquals(315.84, A6000.ridge(), 0.005);
        Files.writeString(file, Files.readString(file).replace("\"peak_flops_per_s\": ", "\"peak_flops_per_s\": -"));
        assertTrue(assertThrows(FormatException.class, () -> Machine.read(file)).getMessage().contains("machine.json: machine: peak"));
        Files.writeString(file, "{\"name\": \"x\", \"gigahertz\": 3}");
        assertThrows(FormatException.class, () -> Machine.read(file));
    }

    @Test
    void aSmallDecoderHasItsOwnRows() {
        DecoderConfig gpt2 = DecoderConfig.gpt2(100, 16, 2, 2, 8);
        List<String> names = new CostModel(gpt2, 4).rows(Pass.full(1, 4)).stream().map(OpRow::name).toList();
        assertTrue(names.contains("up_proj") && !names.contains("gate product") && !names.contains("rotary of queries"),
                names.toString());
    }
}
