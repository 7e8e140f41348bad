package dev.ricci.models.decoder;

import dev.ricci.tensor.TensorException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Records as JSON objects and back: a component {@code ropeTheta} is the key {@code rope_theta}, enums are lower case, one
 * of several records says its {@code type}, and what is {@link Optional} and empty is left out.
 */
final class RecordMap {
    private static final String TYPE = "type";

    private RecordMap() {
    }

    static Map<String, Object> of(Record r) {
        Map<String, Object> m = new LinkedHashMap<>();
        if (r.getClass().getInterfaces().length > 0) {
            m.put(TYPE, snake(r.getClass().getSimpleName()));
        }
        for (RecordComponent c : r.getClass().getRecordComponents()) {
            Object value = value(call(r, c));
            if (value != null) {
                m.put(snake(c.getName()), value);
            }
        }
        return m;
    }

    private static Object value(Object v) {
        return switch (v) {
            case Integer i -> i.longValue();
            case Enum<?> e -> e.name().toLowerCase(Locale.ROOT);
            case Record r -> of(r);
            case Optional<?> o -> o.map(RecordMap::value).orElse(null);
            default -> v;
        };
    }

    /**
     * @param where names the object in errors
     * @throws TensorException if a key is missing, unknown or of the wrong kind, or the record refuses a value
     */
    static <R> R read(Map<?, ?> m, Class<R> type, String where) {
        RecordComponent[] components = type.getRecordComponents();
        Set<String> known = new LinkedHashSet<>();
        Object[] values = new Object[components.length];
        for (int i = 0; i < values.length; i++) {
            String key = snake(components[i].getName());
            known.add(key);
            Object v = m.get(key);
            if (components[i].getType() == Optional.class) {
                Class<?> element = (Class<?>) element(components[i]);
                values[i] = v == null ? Optional.empty() : Optional.of(typed(v, element, components[i], where, key));
            } else {
                values[i] = typed(v, components[i].getType(), components[i], where, key);
            }
        }
        for (Object key : m.keySet()) {
            if (!known.contains(key) && !(key.equals(TYPE) && type.getInterfaces().length > 0)) {
                throw new TensorException(where + ": unknown field '" + key + "'; fields are " + known);
            }
        }
        return make(type, components, values);
    }

    private static Object typed(Object v, Class<?> type, RecordComponent c, String where, String key) {
        String path = where + ": '" + key + "'";
        if (type == int.class && v instanceof Long n && n == n.intValue()) {
            return n.intValue();
        } else if (type == double.class && v instanceof Number n) {
            return n.doubleValue();
        } else if (type == boolean.class && v instanceof Boolean) {
            return v;
        } else if (type.isEnum() && v instanceof String s) {
            for (Object e : type.getEnumConstants()) {
                if (((Enum<?>) e).name().equalsIgnoreCase(s)) {
                    return e;
                }
            }
        } else if (type == List.class && element(c) == Double.class && v instanceof List<?> list
                && list.stream().allMatch(Number.class::isInstance)) {
            return list.stream().map(n -> ((Number) n).doubleValue()).toList();
        } else if (type.isRecord() && v instanceof Map<?, ?> m) {
            return read(m, type, path);
        } else if (type.isSealed() && v instanceof Map<?, ?> m) {
            for (Class<?> one : type.getPermittedSubclasses()) {
                if (snake(one.getSimpleName()).equals(m.get(TYPE))) {
                    return read(m, one, path);
                }
            }
        }
        throw new TensorException(path + " must be " + expected(type) + ", got " + v);
    }

    private static String expected(Class<?> type) {
        return type == int.class ? "a whole number" : type == double.class ? "a number"
                : type == boolean.class ? "true or false" : type == List.class ? "a list of numbers"
                : type.isEnum() ? "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)
                : type.isSealed() ? "an object with a type of " + Arrays.stream(type.getPermittedSubclasses())
                        .map(c -> snake(c.getSimpleName())).toList()
                : "an object";
    }

    private static Type element(RecordComponent c) {
        return ((ParameterizedType) c.getGenericType()).getActualTypeArguments()[0];
    }

    private static String snake(String name) {
        return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
    }

    private static Object call(Record r, RecordComponent c) {
        try {
            return c.getAccessor().invoke(r);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record cannot be read: " + c, e);
        }
    }

    private static <R> R make(Class<R> type, RecordComponent[] components, Object[] values) {
        Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TensorException refused) {
                throw refused;
            }
            throw new IllegalStateException("a record cannot be made: " + type, e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record cannot be made: " + type, e);
        }
    }
}
