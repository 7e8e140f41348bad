package dev.ricci.models.architecture;

import dev.ricci.models.decoder.DecoderConfig.Positions;
import dev.ricci.nn.RopeScaling;
import dev.ricci.tensor.io.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Rotary positions as {@code config.json} says them: {@code rope_theta} with {@code rope_scaling}, or both together as
 * {@code rope_parameters}.
 */
final class RopeKeys {
    private static final double THETA = 10000;

    private RopeKeys() {
    }

    /**
     * @param dims components of a head that are turned
     * @param context the model's longest sequence
     */
    static Positions read(JsonObject k, int dims, int context) {
        boolean together = k.has("rope_parameters");
        JsonObject scaling = together ? k.object("rope_parameters") : k.has("rope_scaling") ? k.object("rope_scaling") : null;
        double theta = together && scaling.has("rope_theta") ? scaling.number("rope_theta")
                : k.number("rope_theta", THETA);
        k.only("rope_interleaved", false);
        k.only("partial_rotary_factor", 1);
        Positions plain = Positions.rotary(theta, dims);
        return scaling == null ? plain : plain.withScaling(scaling(scaling, context));
    }

    private static RopeScaling scaling(JsonObject k, int context) {
        String old = k.text("type", "default");
        String type = k.text("rope_type", old);
        k.only("partial_rotary_factor", 1);
        RopeScaling scaling = switch (type) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(k.number("factor"));
            case "llama3" -> new RopeScaling.Llama3(k.number("factor"), k.number("low_freq_factor"),
                    k.number("high_freq_factor"), k.integer("original_max_position_embeddings"));
            case "yarn" -> yarn(k, context);
            default -> throw k.error("the type '" + type
                    + "' is not supported; supported are default, linear, llama3, yarn");
        };
        k.end();
        return scaling;
    }

    private static RopeScaling yarn(JsonObject k, int context) {
        double factor = k.number("factor");
        k.only("truncate", true);
        k.only("mscale", null);
        k.only("mscale_all_dim", null);
        return new RopeScaling.Yarn(factor, k.integer("original_max_position_embeddings", context),
                k.number("beta_fast", 32), k.number("beta_slow", 1),
                k.number("attention_factor", RopeScaling.Yarn.usualMagnitude(factor)));
    }

    /** The two keys of these positions; {@code rope_scaling} is null without scaling. */
    static void write(Positions p, Map<String, Object> to) {
        to.put("rope_theta", p.theta());
        Map<String, Object> m = new LinkedHashMap<>();
        switch (p.scaling()) {
            case RopeScaling.None _ -> { }
            case RopeScaling.Linear s -> m.putAll(Map.of("rope_type", "linear", "factor", s.factor()));
            case RopeScaling.Llama3 s -> m.putAll(Map.of("rope_type", "llama3", "factor", s.factor(),
                    "low_freq_factor", s.lowTurns(), "high_freq_factor", s.highTurns(),
                    "original_max_position_embeddings", (long) s.originalContext()));
            case RopeScaling.Yarn s -> m.putAll(Map.of("rope_type", "yarn", "factor", s.factor(),
                    "original_max_position_embeddings", (long) s.originalContext(), "beta_fast", s.fastTurns(),
                    "beta_slow", s.slowTurns(), "attention_factor", s.magnitude()));
            // A list of divisors has no name there.
            case RopeScaling.Divided _ -> m.put("rope_type", "divided");
        }
        to.put("rope_scaling", m.isEmpty() ? null : m);
    }
}
