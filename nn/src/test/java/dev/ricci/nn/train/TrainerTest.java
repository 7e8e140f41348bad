package dev.ricci.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.InMemory;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Sgd;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
    @TempDir
    Path folder;

    private static TrainerOptions options(Path in) {
        return TrainerOptions.of(12).withAccumulation(2).withClipNorm(0.5).withEvaluateEvery(3).withCheckpoints(in, 4)
                .withSeed(5);
    }

    private static void sameFiles(Path a, Path b) throws IOException {
        for (String name : List.of(Checkpoint.MODEL, Checkpoint.OPTIMIZER, Checkpoint.STATE)) {
            assertEquals(-1, Files.mismatch(a.resolve(name), b.resolve(name)), name);
        }
    }

    private static List<Long> steps(Path metrics) throws IOException {
        List<Long> steps = new ArrayList<>();
        for (String line : Files.readAllLines(metrics)) {
            steps.add((Long) Json.parseObject(line, "metrics").get("step"));
        }
        return steps;
    }

    @Test
    void learns() throws IOException {
        TinyModel model = new TinyModel(16);
        List<Double> losses = new ArrayList<>();
        TrainingResult result = Trainer.of(model, model::loss, TinyModel.loader(),
                AdamW.of(model.parameters(), 0.03), TrainerOptions.of(150))
                .listener(new TrainingListener() {
                    @Override
                    public void onStep(Step event) {
                        losses.add(event.loss());
                        assertEquals(24, event.tokens());
                        assertTrue(event.tokensPerSecond() > 0 && !event.remaining().isNegative());
                    }
                }).run();
        assertEquals(TrainingResult.End.FINISHED, result.end());
        assertEquals(150, losses.size());
        assertTrue(losses.getLast() < 0.6 * losses.getFirst(), losses.getFirst() + " to " + losses.getLast());
        assertTrue(result.checkpoint().isEmpty() && result.score().isEmpty());
    }

    /** With accumulation, clipping, dropout, averages and evaluations; once the captured run is stopped and goes on. */
    @ParameterizedTest
    @CsvSource({"1, 0.5, 20", "3, 0.5, 20", "2, 0, 20", "2, 0.5, 7"})
    void capturedStepsGiveTheSameBits(int accumulation, double clip, long stopAfter) throws IOException {
        TrainerOptions eager = TrainerOptions.of(20).withAccumulation(accumulation).withClipNorm(clip)
                .withEvaluateEvery(3).withCheckpoints(folder.resolve("eager"), 4).withSeed(5);
        TrainerOptions captured = eager.withCheckpoints(folder.resolve("captured"), 4).withCaptured(true);
        TrainingResult a = TinyModel.trainer(new TinyModel(8), eager, null).run();
        Trainer first = TinyModel.trainer(new TinyModel(8), captured, null);
        TrainingResult b = first.listener(new TrainingListener() {
            @Override
            public void onStep(Step event) {
                if (event.step() == stopAfter) {
                    first.stop();
                }
            }
        }).run();
        if (stopAfter < 20) {
            assertEquals(TrainingResult.End.STOPPED, b.end());
            b = TinyModel.trainer(new TinyModel(8), captured, null).resume();
        }
        assertEquals(a.loss(), b.loss());
        assertEquals(a.bestScore(), b.bestScore());
        sameFiles(a.checkpoint().orElseThrow(), b.checkpoint().orElseThrow());
    }

    @Test
    void anotherDeviceIsOneOfCapturedStepsAndMustBeThere() {
        TrainerOptions there = TrainerOptions.of(1).withDevice(new Device("gpu", 0));
        assertTrue(there.captured() && there.withCaptured(false).captured());
        TinyModel model = new TinyModel(4);
        assertTrue(assertThrows(DeviceException.class, () -> TinyModel.trainer(model, there, null).run()).getMessage()
                .contains("no GPU backend"));
        assertFalse(there.withDevice(Device.cpu()).withCaptured(false).captured());
    }

    @Test
    void batchesOfOtherShapesAreOtherPrograms() throws IOException {
        List<TrainingResult> results = new ArrayList<>();
        for (boolean on : new boolean[] {false, true}) {
            Logarithm model = new Logarithm();
            DataLoader uneven = DataLoader.of(InMemory.of(Tensor.arange(5).to(DType.F32).div(10), null),
                    DataLoader.Options.sequential(2));
            results.add(Trainer.of(model, model::loss, uneven, Sgd.of(model.parameters(), 0.1),
                    TrainerOptions.of(7).withCaptured(on)).run());
        }
        assertEquals(results.get(0).loss(), results.get(1).loss());
    }

    @Test
    void aLossThatReadsOnTheHostIsNotCaptured() {
        TinyModel model = new TinyModel(4);
        TensorException e = assertThrows(TensorException.class, () -> Trainer.of(model,
                b -> model.loss(b).mul(model.head.value().sum().item()), TinyModel.loader(),
                Sgd.of(model.parameters(), 0.1), TrainerOptions.of(1).withCaptured(true)).run());
        assertTrue(e.getMessage().contains("program 'training step': item reads a value on the host"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 4, 5, 6, 11})
    void resumesToTheBitsOfAnUnbrokenRun(long stopAfter) throws IOException {
        Path whole = folder.resolve("whole");
        Path broken = folder.resolve("broken");
        TrainingResult unbroken = TinyModel.trainer(new TinyModel(8), options(whole), whole.resolve("m.jsonl")).run();

        Trainer first = TinyModel.trainer(new TinyModel(8), options(broken), broken.resolve("m.jsonl"));
        TrainingResult stopped = first.listener(new TrainingListener() {
            @Override
            public void onStep(Step event) {
                if (event.step() == stopAfter) {
                    first.stop();
                }
            }
        }).run();
        assertEquals(TrainingResult.End.STOPPED, stopped.end());
        assertEquals(stopAfter, stopped.steps());
        assertEquals(stopAfter, Checkpoint.latest(broken).orElseThrow().state().step());
        TrainingResult resumed = TinyModel.trainer(new TinyModel(8), options(broken), broken.resolve("m.jsonl"))
                .resume();

        assertEquals(12, resumed.steps());
        assertEquals(unbroken.bestScore(), resumed.bestScore());
        assertEquals(unbroken.score(), resumed.score());
        sameFiles(unbroken.checkpoint().orElseThrow(), resumed.checkpoint().orElseThrow());
        assertEquals(LongStream.rangeClosed(1, 12).boxed().toList(), steps(broken.resolve("m.jsonl")));
    }

    @Test
    void goesOnFromAnOlderCheckpointAfterAKill() throws IOException {
        Path whole = folder.resolve("whole");
        Path killed = folder.resolve("killed");
        TrainingResult unbroken = TinyModel.trainer(new TinyModel(8), options(whole), null).run();
        // A listener that throws after step 7 leaves what a kill leaves: a checkpoint of step 6 or 4, lines up to 7.
        Path metrics = killed.resolve("m.jsonl");
        IOException kill = new IOException("killed");
        assertEquals(kill, assertThrows(IOException.class,
                () -> TinyModel.trainer(new TinyModel(8), options(killed), metrics).listener(new TrainingListener() {
                    @Override
                    public void onStep(Step event) throws IOException {
                        if (event.step() == 7) {
                            throw kill;
                        }
                    }
                }).run()));
        assertEquals(7, steps(metrics).getLast());
        Files.writeString(metrics, Files.readString(metrics) + "{\"step\": 8, \"lo");
        TrainingResult resumed = TinyModel.trainer(new TinyModel(8), options(killed), metrics).resume();
        sameFiles(unbroken.checkpoint().orElseThrow(), resumed.checkpoint().orElseThrow());
        assertEquals(LongStream.rangeClosed(1, 12).boxed().toList(), steps(metrics));
    }

    @Test
    void rewindsToAChosenCheckpoint() throws IOException {
        TrainerOptions options = options(folder).withKeepLast(9);
        Path last = TinyModel.trainer(new TinyModel(8), options, null).run().checkpoint().orElseThrow();
        Map<String, Tensor> before = Safetensors.load(last.resolve(Checkpoint.MODEL));
        Checkpoint four = Checkpoint.open(folder.resolve("step-00000004"));
        Path again = TinyModel.trainer(new TinyModel(8), options, null).resume(four).checkpoint().orElseThrow();
        assertEquals(last, again);
        assertArrayEquals(before.get("head").toFloatArray(),
                Safetensors.load(again.resolve(Checkpoint.MODEL)).get("head").toFloatArray());
    }

    @Test
    void theStateHoldsNothingThatChangesBetweenRuns() throws IOException {
        Checkpoint checkpoint = Checkpoint.open(
                TinyModel.trainer(new TinyModel(8), options(folder), null).run().checkpoint().orElseThrow());
        String text = Files.readString(checkpoint.folder().resolve(Checkpoint.STATE));
        Map<String, Object> state = Json.parseObject(text, "state");
        assertEquals(List.of("best_score", "best_step", "config", "data", "evaluations_since_best", "format",
                "library_version", "rng_key", "schedule", "step"), List.copyOf(state.keySet()));
        assertEquals(Map.of("width", 8L), state.get("config"));
        assertEquals(12L, state.get("step"));
        assertEquals("WarmUp[steps=2, then=Cosine[from=0.05, to=0.001, steps=10]]", state.get("schedule"));
        assertEquals(24L, ((Map<?, ?>) state.get("data")).get("batch"));
        assertEquals(8, checkpoint.averages().get("head").dim(0));
    }

    @Test
    void keepsTheLastAndTheBest() throws IOException {
        TinyModel model = new TinyModel(8);
        double[] scores = {5, 3, 4, 6, 7, 8};
        int[] next = {0};
        Trainer.of(model, model::loss, TinyModel.loader(), Sgd.of(model.parameters(), 0.1),
                TrainerOptions.of(6).withEvaluateEvery(1).withCheckpoints(folder, 1).withKeepLast(2))
                .evaluator(() -> scores[next[0]++]).run();
        try (var files = Files.list(folder)) {
            assertEquals(List.of("step-00000002", "step-00000005", "step-00000006"), files
                    .map(p -> p.getFileName().toString()).filter(n -> !n.equals(".lock")).sorted().toList());
        }
        assertEquals(2, Checkpoint.best(folder).orElseThrow().state().step());
        assertEquals(6, Checkpoint.latest(folder).orElseThrow().state().step());
        Checkpoint.deleteAll(folder);
        assertTrue(Checkpoint.latest(folder).isEmpty());
    }

    @Test
    void endsEarlyWithoutPatience() throws IOException {
        for (boolean resumed : new boolean[] {false, true}) {
            TinyModel model = new TinyModel(8);
            double[] scores = {5, 4, Double.NaN, 4, 6};
            int[] next = {0};
            Trainer trainer = Trainer.of(model, model::loss, TinyModel.loader(), Sgd.of(model.parameters(), 0.1),
                    TrainerOptions.of(20).withEvaluateEvery(2).withPatience(3).withCheckpoints(folder, 0))
                    .evaluator(() -> scores[next[0]++]);
            TrainingResult result = resumed ? trainer.resume() : trainer.run();
            assertEquals(TrainingResult.End.EARLY, result.end());
            assertEquals(10, result.steps());
            assertEquals(4.0, result.bestScore().orElseThrow());
            assertEquals(4, result.bestStep());
        }
    }

    @Test
    void stopsFromAnotherThread() throws Exception {
        TinyModel model = new TinyModel(8);
        CountDownLatch running = new CountDownLatch(3);
        Trainer trainer = TinyModel.trainer(model, TrainerOptions.of(1_000_000).withCheckpoints(folder, 0), null)
                .listener(new TrainingListener() {
                    @Override
                    public void onStep(Step event) {
                        running.countDown();
                    }
                });
        Thread other = Thread.ofPlatform().start(() -> {
            try {
                running.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            trainer.stop();
        });
        TrainingResult result = trainer.run();
        other.join();
        assertEquals(TrainingResult.End.STOPPED, result.end());
        assertEquals(result.steps(), Checkpoint.latest(folder).orElseThrow().state().step());
    }

    @Test
    void refusesAFolderThatIsInUseOrUsed() throws IOException {
        TrainerOptions options = TrainerOptions.of(2).withCheckpoints(folder, 0);
        Trainer outer = TinyModel.trainer(new TinyModel(8), options, null);
        outer.listener(new TrainingListener() {
            @Override
            public void onStart(Start event) {
                TensorException e = assertThrows(TensorException.class,
                        () -> TinyModel.trainer(new TinyModel(8), options, null).run());
                assertTrue(e.getMessage().contains("another run"), e.getMessage());
            }
        }).run();
        assertTrue(assertThrows(TensorException.class, outer::run).getMessage().contains("runs once"));
        assertTrue(assertThrows(TensorException.class,
                () -> TinyModel.trainer(new TinyModel(8), options, null).run()).getMessage().contains("resume it"));
        assertEquals(2, TinyModel.trainer(new TinyModel(8), options, null).resume().steps());
        TrainerOptions fewer = TrainerOptions.of(1).withCheckpoints(folder, 0);
        assertThrows(TensorException.class, () -> TinyModel.trainer(new TinyModel(8), fewer, null).resume());
        assertThrows(TensorException.class,
                () -> TinyModel.trainer(new TinyModel(8), TrainerOptions.of(1), null).resume());
    }

    /** Its loss is the mean of log(w - t / 4) over the parameter, where t is the batch's number. */
    private static final class Logarithm extends Layer {
        final Parameter w = parameter("w", Tensor.of(1f, 1f));

        Tensor loss(Batch batch) {
            return w.value().sub(batch.inputs().mean().div(4)).log().mean();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void namesTheOpThatMadeTheNaN(boolean captured) throws IOException {
        Logarithm model = new Logarithm();
        DataLoader counting = DataLoader.of(InMemory.of(Tensor.arange(9).to(DType.F32), null),
                DataLoader.Options.sequential(1));
        Trainer trainer = Trainer.of(model, model::loss, counting, Sgd.of(model.parameters(), 1e-6),
                TrainerOptions.of(9).withCheckpoints(folder, 2).withCaptured(captured));
        TensorException e = assertThrows(TensorException.class, trainer::run);
        assertTrue(e.getMessage().contains("step 6") || e.getMessage().contains("step 5"), e.getMessage());
        assertTrue(e.getMessage().contains("'log'"), e.getMessage());
        assertTrue(e.getMessage().contains("step-00000004"), e.getMessage());
        assertTrue(NanGuard.isFinite(model.w.value()));
        assertEquals(4, Checkpoint.latest(folder).orElseThrow().state().step());
    }

    @Test
    void namesParametersThatWereBrokenBefore() {
        TinyModel model = new TinyModel(4);
        model.head.assign(Tensor.full(model.head.spec().shape(), DType.F32, Double.NaN));
        TensorException e = assertThrows(TensorException.class, () -> Trainer.of(model, model::loss, TinyModel.loader(),
                Sgd.of(model.parameters(), 0.1), TrainerOptions.of(1)).run());
        assertTrue(e.getMessage().contains("[head]"), e.getMessage());
        assertFalse(e.getMessage().contains("table"), e.getMessage());
    }

    @Test
    void refusesBadOptions() {
        assertThrows(TensorException.class, () -> TrainerOptions.of(0));
        assertThrows(TensorException.class, () -> TrainerOptions.of(1).withAccumulation(0));
        assertThrows(TensorException.class, () -> TrainerOptions.of(1).withClipNorm(Double.NaN));
        assertThrows(TensorException.class, () -> TrainerOptions.of(1).withKeepLast(0));
        assertThrows(TensorException.class, () -> TrainerOptions.of(1).withPatience(-1));
        TinyModel model = new TinyModel(4);
        assertThrows(TensorException.class, () -> TinyModel.trainer(model, TrainerOptions.of(1), null)
                .config(Map.of("x", new Object())));
        assertTrue(assertThrows(TensorException.class, () -> Trainer.of(model, b -> model.head.value(),
                TinyModel.loader(), Sgd.of(model.parameters(), 0.1), TrainerOptions.of(1)).run()).getMessage()
                .contains("scalar"));
    }
}
