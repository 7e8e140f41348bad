package dev.ricci.nn.train;

import dev.ricci.nn.data.DataLoader;
import dev.ricci.tensor.FormatException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a checkpoint keeps beside tensors. It has nothing that differs between two runs of the same seed: no times,
 * paths, hosts or thread counts.
 *
 * @param step number of finished steps
 * @param rngKey of the trainer's randomness
 * @param schedule of the learning rate, in words
 * @param data position of the loader
 * @param bestScore of all evaluations, or null if there was none
 * @param bestStep where that was, 0 if nowhere
 * @param evaluationsSinceBest how many evaluations in a row were not better
 * @param config what the caller wants to keep: values that JSON has
 */
public record CheckpointState(long step, long rngKey, String schedule, DataLoader.State data, Double bestScore,
        long bestStep, long evaluationsSinceBest, Map<String, Object> config) {
    private static final long FORMAT = 1;

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("library_version", LibraryVersion.CURRENT);
        json.put("step", step);
        json.put("rng_key", rngKey);
        json.put("schedule", schedule);
        json.put("data", Map.of("epoch", data.epoch(), "batch", data.batch(), "key", data.key()));
        json.put("best_score", bestScore);
        json.put("best_step", bestStep);
        json.put("evaluations_since_best", evaluationsSinceBest);
        json.put("config", config);
        return json;
    }

    static CheckpointState ofJson(Map<String, Object> json, String source) {
        if (!Objects.equals(json.get("format"), FORMAT)) {
            throw new FormatException(source + ": format " + json.get("format") + " is not known here, only " + FORMAT
                    + " is; was it written by a newer version (" + json.get("library_version") + ")?");
        }
        Map<?, ?> data = value(json, "data", Map.class, source);
        Map<String, Object> config = new LinkedHashMap<>();
        Map<?, ?> kept = value(json, "config", Map.class, source);
        kept.forEach((k, v) -> config.put((String) k, v));
        Object best = json.get("best_score");
        if (best != null && !(best instanceof Number)) {
            throw new FormatException(source + ": best_score must be a number or null");
        }
        long step = value(json, "step", Long.class, source);
        if (step < 0) {
            throw new FormatException(source + ": step must not be negative, got " + step);
        }
        return new CheckpointState(step, value(json, "rng_key", Long.class, source),
                value(json, "schedule", String.class, source),
                new DataLoader.State(value(data, "epoch", Long.class, source), value(data, "batch", Long.class, source),
                        value(data, "key", Long.class, source)),
                best == null ? null : ((Number) best).doubleValue(), value(json, "best_step", Long.class, source),
                value(json, "evaluations_since_best", Long.class, source), config);
    }

    private static <T> T value(Map<?, ?> json, String key, Class<T> type, String source) {
        Object value = json.get(key);
        if (!type.isInstance(value)) {
            throw new FormatException(source + ": '" + key + "' must be a " + type.getSimpleName() + ", got " + value);
        }
        return type.cast(value);
    }
}
