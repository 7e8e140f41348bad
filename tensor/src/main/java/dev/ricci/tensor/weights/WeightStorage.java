package dev.ricci.tensor.weights;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Storage;
import java.util.stream.IntStream;

/**
 * A matrix of weights [rows, columns] in the type that its file has, for products x W^T and for reading single rows: to
 * everything else it is an F32 matrix, which is decoded anew each time. It never changes.
 *
 * <p>Rows lie in panels of {@link #panelRows()}, and within a panel one column after the other, so that a product reads
 * a panel as one stream (the panels of a matrix product: Goto and van de Geijn 2008). What a quantised block holds is
 * spread over several arrays in that order: the lower bits of elements, their upper bits, the scales. The last panel is
 * filled up with zeros.
 */
public final class WeightStorage extends Storage {
    /** Parts of a matrix that are filled at once. */
    private static final int PARTS = 16;

    private final WeightType type;
    private final int rows;
    private final int columns;
    private final int width;
    private final Arrays arrays;

    /**
     * All panels, one after the other; null where a type has none.
     *
     * @param floats F32: [columns, width] in each panel
     * @param halves F16 and BF16: bit patterns, [columns, width]
     * @param low Q8_0: elements, [columns, width]; other quantised types: the lower four bits of columns 2i, and above
     *     them of 2i + 1, [columns / 2, width]
     * @param high the fifth bits of 8 columns, [columns / 8, width], or the upper two bits of 4, [columns / 4, width];
     *     those of the first column are the lowest
     * @param scales F16 of each block, [columns / blockElements, width]
     * @param minima as the scales
     * @param groupScales nested scales, [columns / groupElements, width]
     * @param groupMinima nested minima, to be subtracted, [columns / groupElements, width]
     */
    public record Arrays(float[] floats, short[] halves, byte[] low, byte[] high, short[] scales, short[] minima,
            byte[] groupScales, byte[] groupMinima) {
    }

    /** Gives bytes of a matrix that is stored row by row. Called by several threads. */
    @FunctionalInterface
    public interface Source {
        /**
         * Reads exactly {@code n} bytes.
         *
         * @param from the first, counted from the beginning of the matrix
         * @param to receives them from index 0 on
         */
        void read(long from, byte[] to, int n);
    }

    private WeightStorage(WeightType type, int rows, int columns, int width, Arrays arrays) {
        super(DType.F32, Math.multiplyExact(rows, columns));
        this.type = type;
        this.rows = rows;
        this.columns = columns;
        this.width = width;
        this.arrays = arrays;
    }

    /**
     * An F32 tensor [rows, columns] whose elements are kept as they are stored.
     *
     * @param type of the stored elements
     * @param shape two axes, the last a multiple of the type's block
     * @param source the elements, row by row
     * @throws TensorException if the shape does not fit the type, or the panels exceed what an array holds
     */
    public static Tensor tensor(WeightType type, Shape shape, Source source) {
        return tensor(type, shape, Backends.cpu().panelColumns(), source);
    }

    /**
     * As the other, with panels for other kernels than those of {@link Backends#cpu()}.
     *
     * @param width rows of a panel: {@link dev.ricci.tensor.spi.Backend#panelColumns()} of the kernels that will read it
     */
    public static Tensor tensor(WeightType type, Shape shape, int width, Source source) {
        return Tensor.wrap(read(type, shape, width, source), shape);
    }

    /**
     * The same elements, kept as another type: a quantised copy, or an F32 one that products read as it is.
     *
     * @param matrix F32 [rows, columns]
     * @param type one that {@link BlockEncoder} supports
     * @throws TensorException as {@link #tensor} and {@link BlockEncoder#encode}
     */
    public static Tensor encode(Tensor matrix, WeightType type) {
        if (matrix.rank() != 2) {
            throw new TensorException("weights: " + type + " is kept for matrices [out, in], got " + matrix.spec());
        }
        int rowLength = matrix.dim(1);
        return tensor(type, matrix.shape(), (from, to, n) -> {
            int row = (int) (from / type.bytes(rowLength));
            int count = (int) (n / Math.max(1, type.bytes(rowLength)));
            float[] elements = matrix.slice(0, row, row + count).toFloatArray();
            System.arraycopy(BlockEncoder.encode(type, elements, 0, elements.length), 0, to, 0, n);
        });
    }

    private static WeightStorage read(WeightType type, Shape shape, int width, Source source) {
        if (shape.rank() != 2 || shape.dim(1) % type.blockElements() != 0) {
            throw new TensorException("weights: " + type + " is kept for matrices whose rows are a multiple of "
                    + type.blockElements() + " elements, got shape " + shape);
        }
        int rows = shape.dim(0);
        int columns = shape.dim(1);
        int panels = (rows + width - 1) / width;
        long padded = (long) panels * width * columns;
        if (padded > Integer.MAX_VALUE - 64) {
            throw new TensorException("weights: " + type + shape + " has more elements than an array of panels");
        }
        WeightStorage made = new WeightStorage(type, rows, columns, width, arrays(type, (int) padded));
        int parts = Math.min(panels, PARTS);
        IntStream.range(0, parts).parallel().forEach(i -> made.fill((int) ((long) panels * i / parts),
                (int) ((long) panels * (i + 1) / parts), source));
        return made;
    }

    private static Arrays arrays(WeightType type, int n) {
        int blocks = n / type.blockElements();
        int groups = n / type.groupElements();
        return switch (type) {
            case F32 -> new Arrays(new float[n], null, null, null, null, null, null, null);
            case F16, BF16 -> new Arrays(null, new short[n], null, null, null, null, null, null);
            case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> new Arrays(null, null,
                    new byte[type.bits() == 8 ? n : n / 2],
                    switch (type.bits()) {
                        case 5 -> new byte[n / 8];
                        case 6 -> new byte[n / 4];
                        default -> null;
                    },
                    new short[blocks], type.hasMinimum() ? new short[blocks] : null,
                    type.isNested() ? new byte[groups] : null,
                    type.isNested() && type.hasMinimum() ? new byte[groups] : null);
        };
    }

    /** Reads the panels from from to to. */
    private void fill(int from, int to, Source source) {
        int rowBytes = Math.toIntExact(type.bytes(columns));
        byte[] bytes = new byte[Math.multiplyExact(width, rowBytes)];
        Block block = new Block();
        for (int p = from; p < to; p++) {
            int count = Math.min(width, rows - p * width);
            source.read((long) p * width * rowBytes, bytes, count * rowBytes);
            fill(p, count, bytes, block);
        }
    }

    private void fill(int panel, int count, byte[] bytes, Block block) {
        int rowBytes = bytes.length / width;
        int first = panel * width * columns;
        for (int r = 0; r < count; r++) {
            switch (type) {
                case F32 -> {
                    for (int k = 0; k < columns; k++) {
                        arrays.floats[first + k * width + r] =
                                Float.intBitsToFloat(Block.getInt(bytes, r * rowBytes + 4 * k));
                    }
                }
                case F16, BF16 -> {
                    for (int k = 0; k < columns; k++) {
                        arrays.halves[first + k * width + r] = Block.getShort(bytes, r * rowBytes + 2 * k);
                    }
                }
                case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> {
                    for (int k = 0; k < columns; k += type.blockElements()) {
                        block.read(type, bytes, r * rowBytes + (int) type.bytes(k));
                        put(block, first + k * width + r);
                    }
                }
            }
        }
    }

    /** Spreads a block whose first element has this place among all elements of all panels. */
    private void put(Block b, int at) {
        int row = at % width;
        int n = type.blockElements();
        for (int j = 0; j < n && type.bits() == 8; j++) {
            arrays.low[at + j * width] = b.quants[j];
        }
        for (int j = 0; j < n && type.bits() < 8; j += 2) {
            arrays.low[(at - row + j * width) / 2 + row] = (byte) (b.quants[j] & 0xF | (b.quants[j + 1] & 0xF) << 4);
        }
        int bits = type.bits() - 4;
        int step = arrays.high == null ? n : 8 / bits;
        for (int j = 0; j < n && arrays.high != null; j += step) {
            int packed = 0;
            for (int i = 0; i < step; i++) {
                packed |= b.quants[j + i] >> 4 << bits * i;
            }
            arrays.high[(at - row + j * width) / step + row] = (byte) packed;
        }
        int group = type.groupElements();
        arrays.scales[(at - row) / n + row] = b.scale();
        if (type.hasMinimum()) {
            arrays.minima[(at - row) / n + row] = b.minimum();
        }
        for (int j = 0; j < n && type.isNested(); j += group) {
            arrays.groupScales[(at - row + j * width) / group + row] = b.scales[j / group];
            if (type.hasMinimum()) {
                arrays.groupMinima[(at - row + j * width) / group + row] = b.minima[j / group];
            }
        }
    }

    /** What an element is made of. */
    public WeightType type() {
        return type;
    }

    /** Rows of the matrix. */
    public int rows() {
        return rows;
    }

    /** Columns of the matrix. */
    public int columns() {
        return columns;
    }

    /** Rows of a panel. */
    public int panelRows() {
        return width;
    }

    /** The memory itself, which must not be changed. */
    public Arrays arrays() {
        return arrays;
    }

    /** Bytes that it takes. */
    public long bytes() {
        return type.bytes((long) (rows + width - 1) / width * width * columns);
    }

    /**
     * The scales of the groups of some columns of a panel as floats, in a form with which every element is
     * {@code fma(q, d, m)}.
     *
     * @param column where the first group begins
     * @param count how many columns, a multiple of the group
     * @param d receives the scales, [groups, width]
     * @param m receives what is added, [groups, width]; may be null for Q8_0, which has none
     * @param at where in both the first goes
     */
    public void scales(int panel, int column, int count, float[] d, float[] m, int at) {
        int groups = count / type.groupElements();
        int first = (panel * columns + column) / type.groupElements() * width;
        int perBlock = type.blockElements() / type.groupElements();
        if (!type.isNested()) {
            for (int i = 0; i < groups * width; i++) {
                d[at + i] = Float.float16ToFloat(arrays.scales[first + i]);
            }
            if (type.hasMinimum()) {
                for (int i = 0; i < groups * width; i++) {
                    m[at + i] = Float.float16ToFloat(arrays.minima[first + i]);
                }
            }
        } else {
            for (int g = 0; g < groups; g++) {
                int group = first / width + g;
                nested(group / perBlock * width, group * width, at + g * width, d, m);
            }
        }
        if (type.zero() != 0) {
            for (int i = 0; i < groups * width; i++) {
                m[at + i] = d[at + i] * -type.zero();
            }
        }
    }

    private void nested(int block, int group, int to, float[] d, float[] m) {
        for (int j = 0; j < width; j++) {
            d[to + j] = Float.float16ToFloat(arrays.scales[block + j]) * arrays.groupScales[group + j];
        }
        for (int j = 0; j < width && type.hasMinimum(); j++) {
            m[to + j] = -(Float.float16ToFloat(arrays.minima[block + j]) * arrays.groupMinima[group + j]);
        }
    }

    /** Decodes row {@code row} to {@code to}, from {@code at} on. */
    public void row(int row, float[] to, int at) {
        int panel = row / width;
        int r = row - panel * width;
        int first = panel * width * columns;
        switch (type) {
            case F32 -> {
                for (int k = 0; k < columns; k++) {
                    to[at + k] = arrays.floats[first + k * width + r];
                }
            }
            case F16 -> {
                for (int k = 0; k < columns; k++) {
                    to[at + k] = Float.float16ToFloat(arrays.halves[first + k * width + r]);
                }
            }
            case BF16 -> {
                for (int k = 0; k < columns; k++) {
                    to[at + k] = Float.intBitsToFloat(arrays.halves[first + k * width + r] << 16);
                }
            }
            case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K -> quantisedRow(first, r, to, at);
        }
    }

    private void quantisedRow(int first, int r, float[] to, int at) {
        int n = type.blockElements();
        int group = type.groupElements();
        for (int k = 0; k < columns; k++) {
            int place = first + k * width;
            int block = (first + k / n * n * width) / n + r;
            int g = (first + k / group * group * width) / group + r;
            float d = Float.float16ToFloat(arrays.scales[block]);
            float m = type.hasMinimum() ? Float.float16ToFloat(arrays.minima[block]) : 0;
            if (type.isNested()) {
                d *= arrays.groupScales[g];
                m = type.hasMinimum() ? -(m * arrays.groupMinima[g]) : 0;
            }
            int q = quant(place, k, r) - type.zero();
            to[at + k] = type.hasMinimum() ? q * d + m : q * d;
        }
    }

    private int quant(int place, int k, int r) {
        if (type.bits() == 8) {
            return arrays.low[place + r];
        }
        int odd = k & 1;
        int q = arrays.low[(place - odd * width) / 2 + r] >> 4 * odd & 0xF;
        if (arrays.high != null) {
            int bits = type.bits() - 4;
            int step = 8 / bits;
            int i = k % step;
            q |= (arrays.high[(place - i * width) / step + r] >> bits * i & (1 << bits) - 1) << 4;
        }
        return q;
    }

    /** The type and the shape, such as {@code Q8_0[768, 768]}. */
    @Override
    public String toString() {
        return type + "[" + rows + ", " + columns + "]";
    }

    /** Decoded, row by row: a new F32 array. */
    @Override
    public HeapStorage plain() {
        float[] all = new float[size()];
        IntStream.range(0, rows).parallel().forEach(r -> row(r, all, r * columns));
        return HeapStorage.of(all);
    }
}
