package dev.ricci.nn.train;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes one JSON object a line and a step: {@code step, loss, learning_rate, tokens_per_second}, and {@code val_loss}
 * after an evaluation (null if that was no finite number). A line is on its way before the step's checkpoint is
 * written; a resumed run removes the lines of the steps that it makes again. So each step has one line, whenever the
 * run was killed.
 */
public final class JsonlMetrics implements TrainingListener {
    private final Path file;

    /** Into this file; its folder is made if it is not there. */
    public JsonlMetrics(Path file) {
        this.file = file;
    }

    @Override
    public void onStart(Start event) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        StringBuilder kept = new StringBuilder();
        if (Files.exists(file)) {
            for (String line : Files.readString(file).split("\n")) {
                if (isUpTo(line, event.finishedSteps())) {
                    kept.append(line).append('\n');
                }
            }
        }
        AtomicFiles.writeString(file, kept.toString());
    }

    /** Whether it is a whole line of a step that is not made again; a killed run may leave half a line. */
    private static boolean isUpTo(String line, long step) {
        try {
            return Json.parse(line) instanceof Map<?, ?> map && map.get("step") instanceof Long n && n <= step;
        } catch (FormatException e) {
            return false;
        }
    }

    @Override
    public void onStep(Step event) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", event.step());
        line.put("loss", event.loss());
        line.put("learning_rate", event.learningRate());
        line.put("tokens_per_second", Math.round(event.tokensPerSecond() * 10) / 10.0);
        event.score().ifPresent(s -> line.put("val_loss", Double.isFinite(s) ? s : null));
        Files.writeString(file, Json.write(line) + "\n", StandardOpenOption.APPEND);
    }
}
