package dev.ricci.nn;

import dev.ricci.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How the names of a file or map of tensors fit those of a layer.
 *
 * @param loaded names that fit
 * @param missing names that the layer has and the map lacks
 * @param unexpected names that the map has and the layer lacks
 * @param mismatched names that both have, with other shapes or element types
 */
public record LoadReport(List<String> loaded, List<String> missing, List<String> unexpected,
        List<Mismatch> mismatched) {
    /**
     * One name whose tensors differ.
     *
     * @param path the name
     * @param expected what the layer holds
     * @param found what the map holds
     */
    public record Mismatch(String path, TensorSpec expected, TensorSpec found) {
        @Override
        public String toString() {
            return path + ": expected " + expected + ", found " + found;
        }
    }

    /** Copies the lists. */
    public LoadReport {
        loaded = List.copyOf(loaded);
        missing = List.copyOf(missing);
        unexpected = List.copyOf(unexpected);
        mismatched = List.copyOf(mismatched);
    }

    /**
     * Compares names, shapes and element types.
     *
     * @param expected what the layer holds, by name
     * @param found what the file or map holds, by name
     * @param convert whether floating-point types may differ, because they are converted
     */
    public static LoadReport of(Map<String, TensorSpec> expected, Map<String, TensorSpec> found, boolean convert) {
        List<String> loaded = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        List<Mismatch> mismatched = new ArrayList<>();
        expected.forEach((path, spec) -> {
            TensorSpec f = found.get(path);
            if (f == null) {
                missing.add(path);
            } else if (f.equals(spec) || convert && f.shape().equals(spec.shape())
                    && f.dtype().isFloating() && spec.dtype().isFloating()) {
                loaded.add(path);
            } else {
                mismatched.add(new Mismatch(path, spec, f));
            }
        });
        List<String> unexpected = found.keySet().stream().filter(path -> !expected.containsKey(path)).toList();
        return new LoadReport(loaded, missing, unexpected, mismatched);
    }

    /** Whether the names, shapes and element types are exactly the layer's. */
    public boolean isComplete() {
        return missing.isEmpty() && unexpected.isEmpty() && mismatched.isEmpty();
    }

    /** Counts, then every name that does not fit, one a line. */
    @Override
    public String toString() {
        return loaded.size() + " loaded, " + missing.size() + " missing, " + unexpected.size() + " unexpected, "
                + mismatched.size() + " mismatched"
                + lines("missing", missing) + lines("unexpected", unexpected) + lines("mismatched", mismatched);
    }

    private static String lines(String title, List<?> names) {
        return names.stream().map(n -> "\n  " + title + " " + n).collect(Collectors.joining());
    }
}
