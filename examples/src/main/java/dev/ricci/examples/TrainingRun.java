package dev.ricci.examples;

import dev.ricci.nn.Layer;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.train.Evaluator;
import dev.ricci.nn.train.JsonlMetrics;
import dev.ricci.nn.train.Trainer;
import dev.ricci.nn.train.TrainingListener;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Variable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A training as the command line does it: with a folder of its own, a progress line, metrics, a curve, and an end in good
 * order when the user asks for it.
 *
 * @param folder where all of it is written
 * @param trained what has the weights that change
 * @param loss of a batch
 * @param loader of the batches
 * @param evaluator the loss on what is kept for validation
 * @param optimization the hyper-parameters of the training
 * @param device where the steps run
 * @param config what checkpoints keep, so that a run goes on only with its own model and text
 * @param curriculum what changes while it is trained
 */
record TrainingRun(Path folder, Layer trained, Function<Batch, Tensor> loss, DataLoader loader, Evaluator evaluator,
    Optimization optimization, Device device, Map<String, Object> config, Optional<Curriculum> curriculum) {
    /**
     * Something that changes while a model is trained.
     *
     * @param variables that checkpoints keep
     * @param listener that changes them
     */
    record Curriculum(Map<String, Variable> variables, TrainingListener listener) {
    }

    /**
     * Trains, from the beginning or from the last checkpoint in the folder.
     *
     * @param headline a line for people, behind the name of the folder
     */
    TrainingResult train(boolean resume, CommonOptions options, String headline) throws IOException {
        PrintStream console = options.out();
        LossCurve curve = new LossCurve(folder.resolve("metrics.jsonl"), folder.resolve("curve.svg"));
        StopRequest stop = options.stopRequest();
        if (resume) {
            RunFolder.checkSame(folder, config, console);
        } else {
            RunFolder.setAside(folder, Path.of(""), console);
        }
        Trainer trainer = Trainer.of(trained, loss, loader, optimization.optimizer(trained),
            optimization.trainerOptions(folder, options.seed()).withDevice(device));
        trainer.config(config)
            .evaluator(evaluator)
            .listener(new JsonlMetrics(curve.metrics()))
            .listener(new ConsoleProgress(console))
            .listener(new StopListener(stop, trainer))
            .listener(curve);
        curriculum.ifPresent(c -> trainer.keeping(c.variables).listener(c.listener));
        console.printf("%s: %s%n", folder, headline);
        return resume ? trainer.resume() : trainer.run();
    }

    /** The numbers of a training that has ended, under their names for {@code --json}. */
    Map<String, Object> results(TrainingResult result) {
        Map<String, Object> results = new LinkedHashMap<>();
        results.put("steps", result.steps());
        results.put("train_loss", result.loss().isPresent() ? (Object) result.loss().getAsDouble() : null);
        results.put("val_loss", result.score().isPresent() ? result.score().getAsDouble() : evaluator.evaluate());
        results.put("tokens_per_second", result.tokensPerSecond());
        results.put("seconds", result.elapsed().toNanos() / 1e9);
        results.put("peak_memory_mb", PeakMemory.megabytes());
        return results;
    }

    /** Tells people how it ended. */
    void report(TrainingResult result, Map<String, Object> results, PrintStream console) {
        if (result.end() == TrainingResult.End.STOPPED) {
            console.printf("stopped after step %d of %d; go on with --resume%n", result.steps(), optimization.steps());
        } else {
            console.printf("steps %d, validation loss %.4f, %.0f tokens/s, %.1f s, peak memory %.0f MB%n", result.steps(),
                (double) results.get("val_loss"), result.tokensPerSecond(), (double) results.get("seconds"),
                (double) results.get("peak_memory_mb"));
            console.printf("curve   %s%nmetrics %s%n", folder.resolve("curve.svg"), folder.resolve("metrics.jsonl"));
        }
    }
}
