package dev.ricci.examples;

import dev.ricci.nn.train.TrainingListener;
import dev.ricci.nn.train.TrainingResult;
import dev.ricci.tensor.io.AtomicFiles;
import dev.ricci.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Draws the losses of a run, those before a resume too, when it ends.
 *
 * @param metrics what the run logs, one JSON object a line
 * @param picture the SVG file
 */
record LossCurve(Path metrics, Path picture) implements TrainingListener {
    @Override
    public void onEnd(TrainingResult event) throws IOException {
        List<double[]> training = new ArrayList<>();
        List<double[]> validation = new ArrayList<>();
        for (String line : Files.readAllLines(metrics)) {
            Map<String, Object> m = Json.parseObject(line, metrics.toString());
            double step = ((Number) m.get("step")).doubleValue();
            training.add(new double[] {step, ((Number) m.get("loss")).doubleValue()});
            if (m.get("val_loss") instanceof Number v) {
                validation.add(new double[] {step, v.doubleValue()});
            }
        }
        AtomicFiles.writeString(picture, SvgChart.draw("Loss (nats per token)", "step", "loss",
            List.of(line("training", training), line("validation", validation))));
    }

    private static SvgChart.Line line(String name, List<double[]> points) {
        return new SvgChart.Line(name, points.stream().mapToDouble(p -> p[0]).toArray(),
            points.stream().mapToDouble(p -> p[1]).toArray());
    }
}
