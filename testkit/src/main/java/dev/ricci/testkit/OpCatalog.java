package dev.ricci.testkit;

import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.op.CustomOp;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Op;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One row for each op, and for ops with an enum of functions one for each constant: what every suite runs over. An op
 * without a row is an op that nobody tests, so {@link #missing()} finds such ops by walking the sealed hierarchy.
 */
public final class OpCatalog {
    private static final List<OpRow> ROWS = Stream.of(ElementwiseRows.rows(), ReductionRows.rows(),
            MovementRows.rows(), IndexingRows.rows(), ContractionRows.rows(), NormalizationRows.rows(),
            AttentionRows.rows(), StateRows.rows()).flatMap(List::stream).toList();

    private OpCatalog() {
    }

    /** All rows. */
    public static List<OpRow> rows() {
        return ROWS;
    }

    /** The row of a name such as {@code MatMul} or {@code Unary TANH}. */
    public static OpRow row(String name) {
        return ROWS.stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("OpCatalog.row: there is no '" + name + "'; there are "
                        + ROWS.stream().map(OpRow::name).toList()));
    }

    /** The names of ops that have no row; empty if the catalogue is whole. */
    public static List<String> missing() {
        return missing(ROWS);
    }

    /** The names of ops that have no row among these. */
    public static List<String> missing(Collection<OpRow> rows) {
        Set<String> covered = new HashSet<>();
        rows.forEach(r -> covered.add(r.name()));
        List<String> missing = new ArrayList<>(everyOp(Op.class));
        missing.removeAll(covered);
        return missing;
    }

    private static List<String> everyOp(Class<?> type) {
        if (type.isSealed()) {
            return Arrays.stream(type.getPermittedSubclasses()).flatMap(t -> everyOp(t).stream()).toList();
        }
        if (!type.isRecord()) {
            // Open to implementations that nobody can list: one row stands for them all.
            return type == CustomOp.class || Modifier.isAbstract(type.getModifiers()) ? List.of(type.getSimpleName())
                    : List.of(type.getName());
        }
        for (RecordComponent c : type.getRecordComponents()) {
            if (c.getType().isEnum() && c.getType().getPackage() == Op.class.getPackage()) {
                return Arrays.stream(c.getType().getEnumConstants()).filter(k -> isLegal(type, c, k))
                        .map(k -> type.getSimpleName() + " " + k).toList();
            }
        }
        return List.of(type.getSimpleName());
    }

    /** Whether the record takes this constant; records refuse in their constructors. */
    private static boolean isLegal(Class<?> type, RecordComponent of, Object constant) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = components[i].getName().equals(of.getName()) ? constant : plain(types[i]);
        }
        try {
            type.getDeclaredConstructor(types).newInstance(arguments);
            return true;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TensorException) {
                return false;
            }
            throw new IllegalStateException(type + " with " + Arrays.toString(arguments), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.getName(), e);
        }
    }

    private static Object plain(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        if (type == int.class) {
            return 1;
        }
        if (type == Ints.class) {
            return Ints.of();
        }
        throw new IllegalStateException("OpCatalog: no value known for an attribute of type " + type.getName());
    }
}
