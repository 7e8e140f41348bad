package dev.ricci.tensor;

/**
 * What shape inference knows of a tensor.
 *
 * @param dtype element type
 * @param shape sizes of the axes
 */
public record TensorSpec(DType dtype, Shape shape) {
    /** An F32 spec. */
    public static TensorSpec f32(Shape shape) {
        return new TensorSpec(DType.F32, shape);
    }

    /** The same element type with another shape. */
    public TensorSpec with(Shape other) {
        return new TensorSpec(dtype, other);
    }

    /** Type and shape, such as {@code F32[2, 3]}. */
    @Override
    public String toString() {
        return dtype + "" + shape;
    }
}
