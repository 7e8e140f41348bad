package dev.ricci.nn.data;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;

/**
 * A table of texts read from CSV (RFC 4180: quoted fields, doubled quotes, line feeds inside quotes), the first line
 * holding the names of the columns. Every line must have as many fields.
 */
public final class Csv {
    private final String source;
    private final List<String> columns;
    private final List<List<String>> rows;

    private Csv(String source, List<String> columns, List<List<String>> rows) {
        this.source = source;
        this.columns = columns;
        this.rows = rows;
    }

    /**
     * Reads a file in UTF-8.
     *
     * @throws FormatException if it is not UTF-8, empty, ragged, or has a quote out of place, with the line
     */
    public static Csv read(Path file) throws IOException {
        try {
            return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString(), file.toString());
        } catch (CharacterCodingException e) {
            throw new FormatException(file + ": not valid UTF-8", e);
        }
    }

    /**
     * Reads a text.
     *
     * @param source where it is from, for errors
     * @throws FormatException as {@link #read}
     */
    public static Csv parse(String text, String source) {
        List<List<String>> records = new CsvReader(text, source).records();
        if (records.isEmpty()) {
            throw new FormatException(source + ": empty; the first line must hold the names of the columns");
        }
        List<String> names = records.getFirst();
        if (new HashSet<>(names).size() != names.size()) {
            throw new FormatException(source + ": a column's name appears twice in " + names);
        }
        return new Csv(source, names, records.subList(1, records.size()));
    }

    /** The names of the columns. */
    public List<String> columns() {
        return columns;
    }

    /** Number of lines below the names. */
    public int size() {
        return rows.size();
    }

    /** The texts of a column. */
    public List<String> column(String name) {
        int at = columns.indexOf(name);
        if (at < 0) {
            throw new TensorException(source + ": there is no column '" + name + "'; there are " + columns);
        }
        return rows.stream().map(r -> r.get(at)).toList();
    }

    /**
     * Columns of numbers as F32 [N, columns].
     *
     * @throws FormatException if a field is no finite number, with its line
     */
    public Tensor numbers(String... names) {
        float[] values = new float[Math.multiplyExact(rows.size(), names.length)];
        for (int c = 0; c < names.length; c++) {
            List<String> texts = column(names[c]);
            for (int r = 0; r < texts.size(); r++) {
                values[r * names.length + c] = number(texts.get(r), names[c], r);
            }
        }
        return Tensor.of(values, rows.size(), names.length);
    }

    private float number(String text, String column, int row) {
        try {
            // parseFloat also takes what Java's literals end in ("1f", "1d"), which no table means.
            float f = text.isEmpty() || Character.isLetter(text.charAt(text.length() - 1)) ? Float.NaN
                    : Float.parseFloat(text);
            if (Float.isFinite(f)) {
                return f;
            }
        } catch (NumberFormatException e) {
            throw new FormatException(message(text, column, row), e);
        }
        throw new FormatException(message(text, column, row));
    }

    private String message(String text, String column, int row) {
        return source + ": row " + (row + 1) + ", column '" + column + "': '" + text + "' is not a finite number";
    }

    /** The different texts of a column, ascending: the names of its classes. */
    public List<String> classes(String name) {
        return List.copyOf(new TreeSet<>(column(name)));
    }

    /** A column as I32 [N]: for each row the position of its text in {@link #classes}. */
    public Tensor labels(String name) {
        List<String> classes = classes(name);
        return Tensor.ofInts(column(name).stream().mapToInt(t -> Collections.binarySearch(classes, t)).toArray(),
                rows.size());
    }
}
