package dev.ricci.models.weights.gguf;

import dev.ricci.tensor.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Files that are one model together: {@code NAME-00001-of-00003.gguf} and so on. Each says in its metadata which part it
 * is, counted from zero, how many there are, and how many tensors they have together; the first has all other metadata.
 */
final class GgufParts {
    static final String NUMBER = "split.no";
    static final String COUNT = "split.count";
    static final String TENSORS = "split.tensors.count";
    private static final Pattern NAME = Pattern.compile("(.*)-([0-9]{5})-of-([0-9]{5})\\.gguf");
    private static final int MOST = 99_999;

    private GgufParts() {
    }

    /**
     * The files of a model.
     *
     * @param first that of the first part, or of a whole model
     * @param metadata of it
     * @throws FormatException if it is another part, its name is not that of a first part, or another part is not there
     */
    static List<Path> files(Path first, GgufMetadata metadata) {
        long count = integer(first, metadata, COUNT, 0);
        // Parts that were joined again say none.
        if (count == 0 || count == 1) {
            return List.of(first);
        }
        if (count < 0 || count > MOST) {
            throw new FormatException(first + ": " + COUNT + " must lie in 0 .. " + MOST + ", got " + count);
        }
        Matcher name = NAME.matcher(first.getFileName().toString());
        if (!name.matches() || Integer.parseInt(name.group(3)) != count) {
            throw new FormatException(first + ": one of " + count + " parts, as its " + COUNT + " says; parts are found by"
                    + " their names, and this one's must end with " + "-%05d-of-%05d.gguf".formatted(1, count));
        }
        if (Integer.parseInt(name.group(2)) != 1) {
            throw new FormatException(first + ": part " + name.group(2) + " of a model; name the first, "
                    + named(first, name.group(1), 1, count));
        }
        List<Path> files = new ArrayList<>();
        for (int part = 1; part <= count; part++) {
            Path file = named(first, name.group(1), part, count);
            if (!Files.exists(file)) {
                throw new FormatException(first + ": part " + part + " of " + count + " is missing: there is no " + file
                        + "; all parts belong in one folder");
            }
            files.add(file);
        }
        return files;
    }

    private static Path named(Path first, String name, int part, long count) {
        return first.resolveSibling("%s-%05d-of-%05d.gguf".formatted(name, part, count));
    }

    /**
     * Refuses a part that is not what its name says.
     *
     * @param part counted from zero
     */
    static void check(Path file, GgufMetadata metadata, int part, int count) {
        long saysPart = integer(file, metadata, NUMBER, -1);
        long saysCount = integer(file, metadata, COUNT, -1);
        if (saysPart != part || saysCount != count) {
            throw new FormatException(file + ": its name says part " + (part + 1) + " of " + count + ", its metadata "
                    + (saysCount < 0 ? "that it is no part of a model" : "part " + (saysPart + 1) + " of " + saysCount)
                    + "; it is a part of another model, or was renamed");
        }
    }

    /** Refuses parts with more or fewer tensors than the first part says. */
    static void checkTensors(Path first, GgufMetadata metadata, int found) {
        long expected = integer(first, metadata, TENSORS, -1);
        if (expected != found) {
            throw new FormatException(first + ": its " + TENSORS + " is " + expected + ", but all parts together have "
                    + found + " tensors; one of them belongs to another model");
        }
    }

    /** Metadata of the model, whatever files it lies in. */
    static GgufMetadata ofModel(GgufMetadata metadata) {
        Map<String, GgufValue> values = new LinkedHashMap<>(metadata.values());
        values.keySet().removeAll(List.of(NUMBER, COUNT, TENSORS));
        return GgufMetadata.of(values);
    }

    private static long integer(Path file, GgufMetadata metadata, String key, long otherwise) {
        try {
            return metadata.integer(key).orElse(otherwise);
        } catch (FormatException e) {
            throw new FormatException(file + ": " + e.getMessage(), e);
        }
    }
}
