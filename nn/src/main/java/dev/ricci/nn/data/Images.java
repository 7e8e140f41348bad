package dev.ricci.nn.data;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.spi.HeapStorage;
import java.io.IOException;
import java.nio.file.Path;

/** Grey images with labels: inputs F32 [B, 1, H, W] in 0 .. 1, targets I32 [B]. Kept as bytes, converted by batch. */
public final class Images implements Dataset {
    private final byte[] pixels;
    private final byte[] labels;
    private final int height;
    private final int width;

    private Images(byte[] pixels, byte[] labels, int height, int width) {
        this.pixels = pixels;
        this.labels = labels;
        this.height = height;
        this.width = width;
    }

    /**
     * Reads two IDX files, compressed or not: MNIST, Fashion-MNIST and others of their kind.
     *
     * @param images U8 [N, H, W]
     * @param labels U8 [N]
     * @throws FormatException if they are no such files, or do not belong together
     */
    public static Images idx(Path images, Path labels) throws IOException {
        Tensor x = Idx.read(images);
        Tensor y = Idx.read(labels);
        if (x.dtype() != DType.U8 || x.rank() != 3 || x.size() == 0) {
            throw new FormatException(images + ": images must be U8[N, H, W], got " + x.spec());
        }
        if (y.dtype() != DType.U8 || !y.shape().equals(Shape.of(x.dim(0)))) {
            throw new FormatException(labels + ": labels of " + x.dim(0) + " images must be U8[" + x.dim(0) + "], got "
                    + y.spec());
        }
        return new Images(((HeapStorage) x.storage()).bytes(), ((HeapStorage) y.storage()).bytes(), x.dim(1), x.dim(2));
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Batch batch(int... indices) {
        Indices.check("images", indices, size());
        int each = height * width;
        float[] inputs = new float[Math.multiplyExact(indices.length, each)];
        int[] targets = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            targets[i] = labels[indices[i]] & 0xFF;
            for (int p = 0; p < each; p++) {
                inputs[i * each + p] = (pixels[indices[i] * each + p] & 0xFF) / 255f;
            }
        }
        return new Batch(Tensor.wrap(inputs, Shape.of(indices.length, 1, height, width)), Tensor.ofInts(targets));
    }
}
