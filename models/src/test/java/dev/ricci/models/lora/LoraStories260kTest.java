package dev.ricci.models.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.weights.Llama2cReader;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainerOptions;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.io.Json;
import dev.ricci.testkit.TestData;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An adapter of a published model. At length: docs/results/lora-stories260k.md. */
class LoraStories260kTest {
    @Test
    void changesNothingAtFirstThenLearnsAndMerges() throws Exception {
        Decoder model = Llama2cReader.load(TestData.require("stories260K/stories260K.bin"));
        Llama2cTokenizer tokenizer = Llama2cTokenizer.load(TestData.require("stories260K/tok512.bin"));
        Map<?, ?> golden = (Map<?, ?>) Json.parse(Files.readString(TestData.require("stories260K/golden_greedy.json")));
        int[] goldenIds = ((List<?>) golden.get("ids")).stream().mapToInt(id -> ((Number) id).intValue()).toArray();
        String text = Files.readString(TestData.require("text/tinyshakespeare.txt")).substring(0, 20_000);
        int[] ids = tokenizer.encode(text);
        int split = (int) (0.9 * ids.length);
        int[] validation = Arrays.copyOfRange(ids, split, ids.length);

        LoraAdapter adapter = LoraAdapter.on(model, LoraConfig.of(8), Rng.of(1));
        int[] made = new AutoregressiveGenerator(model).generate(new int[] {1}, GenerationConfig.greedy(255), id -> true);
        assertArrayEquals(Arrays.copyOfRange(goldenIds, 1, 256), made, "an untrained adapter changes no id");

        double before = Scoring.meanLoss(model, validation, 64);
        Trainer.of(adapter, b -> model.loss(b.inputs(), b.targets()),
                DataLoader.of(TokenWindows.everywhere(Arrays.copyOf(ids, split), 64), DataLoader.Options.drawn(4, 1)),
                AdamW.of(adapter.parameters(), 1e-2), TrainerOptions.of(30)).run();
        double after = Scoring.meanLoss(model, validation, 64);
        assertTrue(after < before - 0.5, before + " before, " + after + " after");

        Tensor some = Tensor.ofInts(Arrays.copyOf(validation, 64), 1, 64);
        float[] attached = NoGrad.call(() -> model.logits(some).toFloatArray());
        adapter.merge();
        float[] merged = NoGrad.call(() -> model.logits(some).toFloatArray());
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < merged.length; i++) {
            worst = Math.max(worst, Math.abs(merged[i] - attached[i]));
            largest = Math.max(largest, Math.abs(attached[i]));
        }
        // Logits reach 15, whose floats lie 1e-6 apart.
        assertTrue(worst < 1e-6 * largest + 1e-5, worst + " of " + largest);
        adapter.unmerge();
        assertArrayEquals(attached, NoGrad.call(() -> model.logits(some).toFloatArray()));
    }
}
