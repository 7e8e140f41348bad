package dev.ricci.tensor.cpu;

/**
 * A matrix in a float array, in any order: element (i, j) is at {@code offset + i * rowStride + j * columnStride}.
 *
 * @param data the array
 * @param offset index of element (0, 0)
 * @param rows number of rows
 * @param columns number of columns
 * @param rowStride elements between rows, may be 0 or negative
 * @param columnStride elements between columns, may be 0 or negative
 */
record Matrix(float[] data, int offset, int rows, int columns, int rowStride, int columnStride) {
    /** Row-major with a given distance between rows. */
    static Matrix rowMajor(float[] data, int offset, int rows, int columns, int rowStride) {
        return new Matrix(data, offset, rows, columns, rowStride, 1);
    }

    /** The same elements with rows and columns exchanged. */
    Matrix transposed() {
        return new Matrix(data, offset, columns, rows, columnStride, rowStride);
    }
}
