package dev.ricci.nn.train;

import dev.ricci.nn.Layer;
import dev.ricci.nn.LoadReport;
import dev.ricci.nn.optim.ExponentialMovingAverage;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import dev.ricci.tensor.io.Safetensors;
import dev.ricci.tensor.io.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder with all that a training needs to go on: {@code model.safetensors} (parameters and buffers),
 * {@code optimizer.safetensors} (and averages of weights, as {@code average/<path>}, and other variables of the training,
 * as {@code training/<name>}) and {@code state.json}. The checkpoints of a run lie beside each other as {@code step-00002000}. A checkpoint is there as a whole or not at all,
 * whenever the process is killed; the same seed gives the same bytes.
 */
public final class Checkpoint {
    /** The file of parameters and buffers. */
    public static final String MODEL = "model.safetensors";
    /** The file of the optimizer's state and averages of weights. */
    public static final String OPTIMIZER = "optimizer.safetensors";
    /** The file of everything else. */
    public static final String STATE = "state.json";
    private static final String AVERAGE = "average/";
    private static final String MORE = "training/";

    private final Path folder;
    private final CheckpointState state;

    private Checkpoint(Path folder, CheckpointState state) {
        this.folder = folder;
        this.state = state;
    }

    /**
     * Opens a checkpoint.
     *
     * @param folder the one that holds the three files
     * @throws FormatException if a file is missing or malformed
     */
    public static Checkpoint open(Path folder) throws IOException {
        for (String name : List.of(MODEL, OPTIMIZER, STATE)) {
            if (!Files.isRegularFile(folder.resolve(name))) {
                throw new FormatException(folder + ": no checkpoint: there is no file " + name);
            }
        }
        Path file = folder.resolve(STATE);
        return new Checkpoint(folder, CheckpointState.ofJson(Json.read(file), file.toString()));
    }

    /** The checkpoint with the most steps among those beside each other in a folder. */
    public static Optional<Checkpoint> latest(Path run) throws IOException {
        List<Path> all = CheckpointFolders.list(run);
        return all.isEmpty() ? Optional.empty() : Optional.of(open(all.getLast()));
    }

    /** The checkpoint with the best score among those beside each other in a folder, if it was evaluated. */
    public static Optional<Checkpoint> best(Path run) throws IOException {
        Optional<Checkpoint> latest = latest(run);
        if (latest.isEmpty() || latest.get().state.bestScore() == null) {
            return Optional.empty();
        }
        Path best = run.resolve(CheckpointFolders.name(latest.get().state.bestStep()));
        return Files.isDirectory(best) ? Optional.of(open(best)) : Optional.empty();
    }

    /** Removes every checkpoint in a folder, and nothing else. */
    public static void deleteAll(Path run) throws IOException {
        CheckpointFolders.tidy(run);
        for (Path p : CheckpointFolders.list(run)) {
            CheckpointFolders.delete(p);
        }
    }

    /**
     * Writes a checkpoint, as a whole or not at all.
     *
     * @param run the folder of the run; made if it is not there
     * @param average of weights, or null
     * @param more variables of the training, by name
     */
    public static Checkpoint write(Path run, CheckpointState state, Layer model, Optimizer optimizer,
            ExponentialMovingAverage average, Map<String, Variable> more) throws IOException {
        Map<String, Tensor> kept = tensors(optimizer, average, more);
        Path folder = CheckpointFolders.write(run, state.step(), temporary -> {
            Safetensors.save(temporary.resolve(MODEL), model.stateDict());
            Safetensors.save(temporary.resolve(OPTIMIZER), kept);
            AtomicFiles.writeString(temporary.resolve(STATE), Json.write(state.toJson(), Json.Style.CANONICAL));
        });
        return new Checkpoint(folder, state);
    }

    private static Map<String, Tensor> tensors(Optimizer optimizer, ExponentialMovingAverage average,
            Map<String, Variable> more) {
        Map<String, Tensor> all = new LinkedHashMap<>(optimizer.stateDict());
        if (average != null) {
            average.stateDict().forEach((path, t) -> all.put(AVERAGE + path, t));
        }
        more.forEach((name, v) -> all.put(MORE + name, v.snapshot()));
        return all;
    }

    /** Where it lies. */
    public Path folder() {
        return folder;
    }

    /** The file of parameters and buffers. */
    public Path modelFile() {
        return folder.resolve(MODEL);
    }

    /** What it keeps beside tensors. */
    public CheckpointState state() {
        return state;
    }

    /** The averages of weights by path, empty if there are none. */
    public Map<String, Tensor> averages() throws IOException {
        Map<String, Tensor> averages = new LinkedHashMap<>();
        Safetensors.load(folder.resolve(OPTIMIZER)).forEach((name, t) -> {
            if (name.startsWith(AVERAGE)) {
                averages.put(name.substring(AVERAGE.length()), t);
            }
        });
        return averages;
    }

    /**
     * Loads everything into a model and its optimizer.
     *
     * @param average of weights, or null
     * @param more variables of the training, by name
     * @throws TensorException naming all missing, unexpected and mismatched tensors of both files, if this is a
     *     checkpoint of another model or optimizer; nothing has changed then
     */
    public void restore(Layer model, Optimizer optimizer, ExponentialMovingAverage average, Map<String, Variable> more)
            throws IOException {
        Map<String, Tensor> kept = tensors(optimizer, average, more);
        LoadReport ofModel = compare(model.stateDict(), folder.resolve(MODEL));
        LoadReport ofOptimizer = compare(kept, folder.resolve(OPTIMIZER));
        if (!ofModel.isComplete() || !ofOptimizer.isComplete()) {
            throw new TensorException("checkpoint: " + folder + " does not fit: "
                    + (ofModel.isComplete() ? "" : "it is of another model than " + model + "; " + ofModel)
                    + (ofModel.isComplete() || ofOptimizer.isComplete() ? "" : "\n")
                    + (ofOptimizer.isComplete() ? "" : "the optimizer's state: " + ofOptimizer)
                    + "\nNothing was loaded. Use the options that the checkpoint was made with.");
        }
        Map<String, Tensor> averages = new LinkedHashMap<>();
        Map<String, Tensor> others = new LinkedHashMap<>();
        Map<String, Tensor> own = new LinkedHashMap<>();
        Safetensors.load(folder.resolve(OPTIMIZER)).forEach((name, t) -> {
            if (average != null && name.startsWith(AVERAGE)) {
                averages.put(name.substring(AVERAGE.length()), t);
            } else if (name.startsWith(MORE)) {
                others.put(name.substring(MORE.length()), t);
            } else {
                own.put(name, t);
            }
        });
        Map<String, Tensor> weights = Safetensors.load(folder.resolve(MODEL));
        optimizer.load(own);
        model.load(weights);
        if (average != null) {
            average.load(averages);
        }
        more.forEach((name, v) -> v.assign(others.get(name)));
    }

    private static LoadReport compare(Map<String, Tensor> expected, Path file) throws IOException {
        List<String> loaded = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<LoadReport.Mismatch> mismatched = new ArrayList<>();
        try (SafetensorsFile found = SafetensorsFile.open(file)) {
            expected.forEach((name, t) -> {
                TensorSpec spec = found.names().contains(name) ? found.spec(name) : null;
                if (spec == null) {
                    missing.add(name);
                } else if (!spec.equals(t.spec())) {
                    mismatched.add(new LoadReport.Mismatch(name, t.spec(), spec));
                } else {
                    loaded.add(name);
                }
            });
            return new LoadReport(loaded, missing,
                    found.names().stream().filter(name -> !expected.containsKey(name)).toList(), mismatched);
        }
    }

    @Override
    public String toString() {
        return "Checkpoint of step " + state.step() + " in " + folder;
    }
}
