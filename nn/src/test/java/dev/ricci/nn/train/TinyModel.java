package dev.ricci.nn.train;

import dev.ricci.nn.Layer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.Training;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ExponentialMovingAverage;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;

/** A bigram model with dropout over a made-up text, and all that a training of it needs. */
final class TinyModel extends Layer {
    static final int VOCABULARY = 11;

    final Parameter table;
    final Parameter head;

    TinyModel(int width) {
        table = parameter("table", Rng.of(1).split(1).normal(VOCABULARY, width));
        head = parameter("head", Rng.of(1).split(2).normal(width, VOCABULARY));
    }

    Tensor loss(Batch batch) {
        Tensor x = Functional.embedding(table.value(), batch.inputs()).gelu();
        if (Training.isActive()) {
            x = Functional.dropout(x, 0.2, Training.nextRng());
        }
        return Functional.crossEntropy(x.matmul(head.value()), batch.targets());
    }

    static int[] text() {
        int[] text = new int[400];
        for (int i = 0; i < text.length; i++) {
            text[i] = (i * i / 3 + i) % VOCABULARY;
        }
        return text;
    }

    static DataLoader loader() {
        return DataLoader.of(TokenWindows.everywhere(text(), 6), DataLoader.Options.shuffled(4, 9));
    }

    /** A trainer of its own that goes through everything: accumulation, clipping, averages, evaluation, metrics. */
    static Trainer trainer(TinyModel model, TrainerOptions options, Path metrics) {
        AdamW optimizer = AdamW.of(model.parameters(), Schedule.cosine(0.05, 0.001, 10).warmUp(2),
                AdamW.Options.DEFAULT);
        Trainer trainer = Trainer.of(model, model::loss, loader(), optimizer, options)
                .average(ExponentialMovingAverage.of(model.parameters(), 0.9))
                .evaluator(Evaluator.meanLoss(model::loss, TokenWindows.sequential(text(), 6), 16))
                .config(Map.of("width", model.head.spec().shape().dim(0)));
        return metrics == null ? trainer : trainer.listener(new JsonlMetrics(metrics));
    }
}
