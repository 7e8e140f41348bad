package dev.ricci.examples;

import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Makes an option of each component of a record of hyper-parameters, and of the records in it, with its default in every
 * preset, and reads them back.
 */
final class PresetOptions {
    private PresetOptions() {
    }

    /** Adds the options to a command. */
    static void add(CommandSpec spec, Map<String, ? extends Record> presets) {
        add(spec, presets.values().iterator().next().getClass(), presets);
    }

    private static void add(CommandSpec spec, Class<?> type, Map<String, ? extends Record> presets) {
        for (RecordComponent c : type.getRecordComponents()) {
            if (c.getType().isRecord()) {
                add(spec, c.getType(), presets);
            } else {
                spec.addOption(OptionSpec.builder("--" + kebab(c)).type(boxed(c.getType())).paramLabel(label(c.getType()))
                    .arity("1").description(c.getAnnotation(Describe.class).value() + " " + defaults(c, presets)).build());
            }
        }
    }

    /**
     * The preset with what the user gave in the place of its values. A warm-up that was not given is at most a tenth of
     * the steps, so that a shorter run needs no second option.
     */
    static <R extends Record> R read(CommandSpec spec, R preset) {
        Map<String, Object> values = new LinkedHashMap<>();
        collect(preset, values);
        values.replaceAll((name, value) -> {
            Object given = spec.findOption("--" + name).getValue();
            return given != null ? given : value;
        });
        if (values.get("warmup") instanceof Integer warmup && spec.findOption("--warmup").getValue() == null) {
            values.put("warmup", Math.min(warmup, Math.max(0, (Integer) values.get("steps")) / 10));
        }
        @SuppressWarnings("unchecked") R read = (R) make(preset.getClass(), values);
        return read;
    }

    private static Record make(Class<?> type, Map<String, Object> values) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] arguments = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            arguments[i] = types[i].isRecord() ? make(types[i], values) : values.get(kebab(components[i]));
        }
        try {
            return (Record) type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The hyper-parameters by name, as JSON values. */
    static Map<String, Object> toMap(Record preset) {
        Map<String, Object> m = new LinkedHashMap<>();
        collect(preset, m);
        m.replaceAll((name, v) -> v instanceof Integer i ? (Object) i.longValue() : v);
        return m;
    }

    private static void collect(Record preset, Map<String, Object> into) {
        for (RecordComponent c : preset.getClass().getRecordComponents()) {
            Object v = value(c, preset);
            if (v instanceof Record inner) {
                collect(inner, into);
            } else {
                into.put(kebab(c), v);
            }
        }
    }

    private static String defaults(RecordComponent c, Map<String, ? extends Record> presets) {
        StringBuilder text = new StringBuilder();
        presets.forEach((name, preset) -> text.append(text.isEmpty() ? "(" : ", ")
            .append(presets.size() == 1 ? "" : name + ": ").append(toMap(preset).get(kebab(c))));
        return text.append(')').toString();
    }

    private static Object value(RecordComponent c, Record preset) {
        try {
            return c.getAccessor().invoke(preset);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String kebab(RecordComponent c) {
        return c.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static Class<?> boxed(Class<?> type) {
        return type == int.class ? Integer.class : type == double.class ? Double.class
            : type == boolean.class ? Boolean.class : type;
    }

    private static String label(Class<?> type) {
        return type == int.class ? "N" : type == double.class ? "X" : type == boolean.class ? "true|false" : "NAME";
    }
}
