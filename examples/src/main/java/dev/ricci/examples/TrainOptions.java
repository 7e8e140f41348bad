package dev.ricci.examples;

import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Makes an option of each component of {@link TrainPreset}, with its default in every preset, and reads them back. */
final class TrainOptions {
    private static final RecordComponent[] COMPONENTS = TrainPreset.class.getRecordComponents();

    private TrainOptions() {
    }

    /** Adds the options to a command. */
    static void add(CommandSpec spec) {
        for (RecordComponent c : COMPONENTS) {
            spec.addOption(OptionSpec.builder(option(c)).type(boxed(c.getType())).paramLabel(label(c.getType()))
                .arity("1").description(c.getAnnotation(TrainPreset.Describe.class).value() + " " + defaults(c)).build());
        }
    }

    /**
     * The preset with what the user gave in the place of its values. A warm-up that was not given is at most a tenth of
     * the steps, so that a shorter run needs no second option.
     */
    static TrainPreset read(CommandSpec spec, TrainPreset preset) {
        Object[] values = new Object[COMPONENTS.length];
        Class<?>[] types = new Class<?>[COMPONENTS.length];
        int warmup = -1;
        int steps = -1;
        for (int i = 0; i < values.length; i++) {
            Object given = spec.findOption(option(COMPONENTS[i])).getValue();
            values[i] = given != null ? given : value(COMPONENTS[i], preset);
            warmup = COMPONENTS[i].getName().equals("warmup") && given == null ? i : warmup;
            steps = COMPONENTS[i].getName().equals("steps") ? i : steps;
            types[i] = COMPONENTS[i].getType();
        }
        if (warmup >= 0) {
            values[warmup] = Math.min((Integer) values[warmup], Math.max(0, (Integer) values[steps]) / 10);
        }
        try {
            return TrainPreset.class.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The hyper-parameters by name, as JSON values. */
    static Map<String, Object> toMap(TrainPreset preset) {
        Map<String, Object> m = new LinkedHashMap<>();
        for (RecordComponent c : COMPONENTS) {
            Object v = value(c, preset);
            m.put(kebab(c.getName()), v instanceof Integer i ? (Object) i.longValue() : v);
        }
        return m;
    }

    private static String defaults(RecordComponent c) {
        StringBuilder text = new StringBuilder();
        TrainPreset.ALL.forEach((name, preset) -> text.append(text.isEmpty() ? "(" : ", ").append(name).append(": ")
            .append(value(c, preset)));
        return text.append(')').toString();
    }

    private static Object value(RecordComponent c, TrainPreset preset) {
        try {
            return c.getAccessor().invoke(preset);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String option(RecordComponent c) {
        return "--" + kebab(c.getName());
    }

    private static String kebab(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static Class<?> boxed(Class<?> type) {
        return type == int.class ? Integer.class : type == double.class ? Double.class
            : type == boolean.class ? Boolean.class : type;
    }

    private static String label(Class<?> type) {
        return type == int.class ? "N" : type == double.class ? "X" : type == boolean.class ? "true|false" : "NAME";
    }
}
