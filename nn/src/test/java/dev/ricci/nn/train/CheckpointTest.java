package dev.ricci.nn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.nn.Layer;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.optim.Sgd;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.Variable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    Path run;

    private static CheckpointState state(long step) {
        return new CheckpointState(step, 77, "constant", new DataLoader.State(0, step, 1), null, 0, 0, Map.of());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private Checkpoint write(long step, Layer model) throws IOException {
        return Checkpoint.write(run, state(step), model, AdamW.of(model.parameters(), 0.1), null, Map.of());
    }

    @Test
    void givesBackWhatItKeeps() throws IOException {
        TinyModel model = new TinyModel(4);
        Checkpoint written = write(3, model);
        Checkpoint read = Checkpoint.open(written.folder());
        assertEquals(state(3), read.state());
        TinyModel other = new TinyModel(4);
        other.head.assign(Rng.of(9).normal(4, TinyModel.VOCABULARY));
        read.restore(other, AdamW.of(other.parameters(), 0.1), null, Map.of());
        assertArrayEquals(model.head.value().toFloatArray(), other.head.value().toFloatArray());
    }

    @Test
    void keepsVariablesOfTheTraining() throws IOException {
        TinyModel model = new TinyModel(4);
        AdamW optimizer = AdamW.of(model.parameters(), 0.1);
        Variable range = Variable.of("range", Tensor.of(0.25f, 0.75f), false);
        Checkpoint written = Checkpoint.write(run, state(3), model, optimizer, null, Map.of("range", range));
        range.assign(Tensor.of(0, 1));
        written.restore(model, optimizer, null, Map.of("range", range));
        assertArrayEquals(new float[] {0.25f, 0.75f}, range.value().toFloatArray());
        // A training without it, and one with another, is another training.
        for (Map<String, Variable> others : List.of(Map.<String, Variable>of(), Map.of("other", range))) {
            TensorException e = assertThrows(TensorException.class, () -> written.restore(model, optimizer, null, others));
            assertTrue(e.getMessage().contains("unexpected training/range"), e.getMessage());
        }
    }

    @Test
    void replacesACheckpointOfTheSameStep() throws IOException {
        write(3, new TinyModel(4));
        write(3, new TinyModel(5));
        assertEquals(List.of("step-00000003"), names());
        TinyModel model = new TinyModel(5);
        Checkpoint.latest(run).orElseThrow().restore(model, AdamW.of(model.parameters(), 0.1), null, Map.of());
    }

    @Test
    void aFailureWhileWritingLeavesTheOldOne() throws IOException {
        write(3, new TinyModel(4));
        for (long step : new long[] {3, 4}) {
            assertThrows(IOException.class, () -> CheckpointFolders.write(run, step, folder -> {
                Files.writeString(folder.resolve(Checkpoint.MODEL), "half");
                throw new IOException("disk full");
            }));
        }
        assertEquals(List.of("step-00000003"), names());
        assertEquals(3, Checkpoint.latest(run).orElseThrow().state().step());
    }

    @Test
    void endsWhatAKilledProcessBegan() throws IOException {
        write(3, new TinyModel(4));
        // Killed while writing step 4, while deleting step 1, and between the two renames that replace step 2.
        Files.createDirectories(run.resolve(".step-00000004.tmp"));
        Files.writeString(run.resolve(".step-00000004.tmp/model.safetensors"), "half");
        Files.createDirectories(run.resolve(".step-00000001.gone"));
        Files.move(write(2, new TinyModel(4)).folder(), run.resolve(".step-00000002.old"));
        Files.createDirectories(run.resolve(".step-00000002.tmp"));
        // Killed before the replaced one was deleted.
        Files.createDirectories(run.resolve(".step-00000003.old"));
        Files.writeString(run.resolve(".step-00000003.old/state.json"), "{}");
        Files.writeString(run.resolve("notes.txt"), "stay");
        assertEquals(3, Checkpoint.latest(run).orElseThrow().state().step());
        CheckpointFolders.tidy(run);
        assertEquals(List.of("notes.txt", "step-00000002", "step-00000003"), names());
        assertEquals(2, Checkpoint.open(run.resolve("step-00000002")).state().step());
    }

    private static final class Other extends Layer {
        Other() {
            parameter("table", Tensor.zeros(TinyModel.VOCABULARY, 4));
            parameter("tail", Tensor.zeros(2));
        }
    }

    @Test
    void refusesAnotherModelNamingEverything() throws IOException {
        Checkpoint checkpoint = write(3, new TinyModel(5));
        Other other = new Other();
        TensorException e = assertThrows(TensorException.class,
                () -> checkpoint.restore(other, AdamW.of(other.parameters(), 0.1), null, Map.of()));
        for (String part : List.of("missing tail\n", "unexpected head\n", "mismatched table: expected F32[11, 4], found"
                + " F32[11, 5]", "missing tail.m", "unexpected head.v", "mismatched table.m", "Nothing was loaded")) {
            assertTrue(e.getMessage().contains(part), part + " in " + e.getMessage());
        }
        assertArrayEquals(new float[2], other.parameters().get("tail").value().toFloatArray());
        TinyModel same = new TinyModel(5);
        Optimizer sgd = Sgd.of(same.parameters(), 0.1);
        assertThrows(TensorException.class, () -> checkpoint.restore(same, sgd, null, Map.of()));
    }

    @Test
    void refusesDamagedCheckpoints() throws IOException {
        Path folder = write(3, new TinyModel(4)).folder();
        for (String name : List.of(Checkpoint.MODEL, Checkpoint.OPTIMIZER, Checkpoint.STATE)) {
            byte[] whole = Files.readAllBytes(folder.resolve(name));
            Files.write(folder.resolve(name), java.util.Arrays.copyOf(whole, whole.length - 3));
            TinyModel model = new TinyModel(4);
            float[] before = model.head.value().toFloatArray();
            FormatException e = assertThrows(FormatException.class,
                    () -> Checkpoint.open(folder).restore(model, AdamW.of(model.parameters(), 0.1), null, Map.of()));
            assertTrue(e.getMessage().contains(name), e.getMessage());
            assertArrayEquals(before, model.head.value().toFloatArray());
            Files.delete(folder.resolve(name));
            assertThrows(FormatException.class, () -> Checkpoint.open(folder));
            Files.write(folder.resolve(name), whole);
        }
        String state = Files.readString(folder.resolve(Checkpoint.STATE));
        for (String[] change : new String[][] {{"\"format\": 1", "\"format\": 2"}, {"\"step\": 3", "\"step\": -3"},
            {"\"step\": 3", "\"step\": \"3\""}, {"\"data\": {", "\"date\": {"},
            {"\"rng_key\": 77", "\"rng_key\": 7.5"}}) {
            assertTrue(state.contains(change[0]), change[0]);
            Files.writeString(folder.resolve(Checkpoint.STATE), state.replace(change[0], change[1]));
            assertThrows(FormatException.class, () -> Checkpoint.open(folder), change[1]);
        }
        assertTrue(Checkpoint.latest(run.resolve("nowhere")).isEmpty());
    }
}
