package dev.ricci.gpu;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.program.Value;
import java.util.List;

/** Launches of matrix products, convolutions and pooling. */
final class ContractionLaunches {
    /** Of products that fewer tiles of 128 x 128 cover the small tiles keep more of a device busy. */
    private static final int LARGE_TILES = 16;

    private ContractionLaunches() {
    }

    static void run(Contraction op, List<Value> in, List<Value> out, Launches to) {
        Value y = out.getFirst();
        Value a = in.getFirst();
        int size = y.layout().shape().size();
        switch (op) {
            case Contraction.MatMul o -> matMul(in, y, to);
            case Contraction.Conv2d o -> images(to.launch(Kernel.CONV, size), shape(a), shape(y), shape(in.get(1)),
                    o.window(), o.groups()).at(Params.A, a).at(Params.B, in.get(1)).at(Params.OUT, y);
            case Contraction.Conv2dBackwardInput o -> images(to.launch(Kernel.CONV_INPUT, size), o.input(), shape(a),
                    shape(in.get(1)), o.window(), o.groups()).at(Params.A, a).at(Params.B, in.get(1))
                    .at(Params.OUT, y);
            case Contraction.Conv2dBackwardWeight o -> images(to.launch(Kernel.CONV_WEIGHT, size), shape(in.get(1)),
                    shape(a), o.weight(), o.window(), o.groups()).at(Params.A, a).at(Params.B, in.get(1))
                    .at(Params.OUT, y);
            case Contraction.MaxPool2d o -> images(to.launch(Kernel.POOL, size), shape(a), shape(y),
                    Shape.of(1, 1, o.kernelH(), o.kernelW()), o.window(), 1).set(Params.KIND, 1).at(Params.A, a)
                    .at(Params.OUT, y).at(Params.SECOND, out.get(1));
            case Contraction.AvgPool2d o -> images(to.launch(Kernel.POOL, size), shape(a), shape(y),
                    Shape.of(1, 1, o.kernelH(), o.kernelW()), o.window(), 1).at(Params.A, a).at(Params.OUT, y);
            case Contraction.AvgPool2dBackward o -> images(to.launch(Kernel.AVG_POOL_BACKWARD, size), o.input(),
                    shape(a), Shape.of(1, 1, o.kernelH(), o.kernelW()), o.window(), 1).at(Params.A, a)
                    .at(Params.OUT, y);
            case Contraction.MaxPool2dBackward o -> to.launch(Kernel.MAX_POOL_BACKWARD, size)
                    .set(Params.IN_H, o.input().dim(2)).set(Params.IN_W, o.input().dim(3))
                    .set(Params.FIRST, shape(a).dim(2) * shape(a).dim(3))
                    .set(Params.FLAG, Memory.type(in.get(1).buffer().dtype())).at(Params.A, a)
                    .at(Params.B, in.get(1)).at(Params.OUT, y);
        }
    }

    private static Shape shape(Value v) {
        return v.layout().shape();
    }

    /** The kernel for a batch of products; all three give the same bits. */
    static Kernel matMul(int batches, int m, int n, int k) {
        if (m <= 8 && n >= 32 && k >= 128) {
            return Kernel.MATMUL_FEW;
        }
        boolean large = m >= 64 && n >= 64 && (long) tiles(m, 128) * tiles(n, 128) * batches >= LARGE_TILES;
        return large ? Kernel.MATMUL_LARGE : Kernel.MATMUL;
    }

    private static int tiles(int size, int tile) {
        return (size + tile - 1) / tile;
    }

    private static void matMul(List<Value> in, Value out, Launches to) {
        Layout a = in.get(0).layout();
        Layout b = in.get(1).layout();
        int axes = a.shape().rank() - 2;
        int m = a.shape().dim(-2);
        int n = b.shape().dim(-1);
        int k = a.shape().dim(-1);
        int batches = a.shape().sub(0, axes).size();
        Kernel kernel = matMul(batches, m, n, k);
        int tile = kernel == Kernel.MATMUL_LARGE ? 128 : kernel == Kernel.MATMUL_FEW ? 32 : 16;
        int lines = kernel == Kernel.MATMUL_FEW ? 1 : tiles(m, tile);
        Launch launch = to.launch(kernel, shape(out).size()).groups(tiles(n, tile) * lines * batches, 1, 256)
                .set(Params.M, m).set(Params.N, n).set(Params.K, k)
                .set(Params.A_ROW, a.stride(axes)).set(Params.A_COLUMN, a.stride(axes + 1))
                .set(Params.B_ROW, b.stride(axes)).set(Params.B_COLUMN, b.stride(axes + 1))
                .flag(Params.THIRD, byColumns(a)).flag(Params.EXTRA, byColumns(b))
                .at(Params.A, in.get(0)).at(Params.B, in.get(1)).at(Params.OUT, out);
        if (shape(out).size() > 0) {
            launch.over(a.shape().sub(0, axes), new int[] {Params.STRIDES_A, Params.STRIDES_B}, a, b);
        }
        if (in.size() == 3) {
            launch.set(Params.FLAG, 1).at(Params.C, in.get(2)).set(Params.SECOND, in.get(2).layout().stride(0));
        }
    }

    /** Whether the elements of a column lie closer together than those of a row. */
    private static boolean byColumns(Layout matrix) {
        int rank = matrix.shape().rank();
        return Math.abs(matrix.stride(rank - 2)) < Math.abs(matrix.stride(rank - 1));
    }

    private static Launch images(Launch launch, Shape x, Shape y, Shape weight, Window w, int groups) {
        return launch.set(Params.IMAGES, x.dim(0)).set(Params.CHANNELS, x.dim(1)).set(Params.IN_H, x.dim(2))
                .set(Params.IN_W, x.dim(3)).set(Params.OUT_CHANNELS, y.dim(1)).set(Params.OUT_H, y.dim(2))
                .set(Params.OUT_W, y.dim(3)).set(Params.KERNEL_H, weight.dim(2)).set(Params.KERNEL_W, weight.dim(3))
                .set(Params.STRIDE_H, w.strideH()).set(Params.STRIDE_W, w.strideW()).set(Params.PAD_H, w.padH())
                .set(Params.PAD_W, w.padW()).set(Params.DILATION_H, w.dilationH())
                .set(Params.DILATION_W, w.dilationW()).set(Params.CONV_GROUPS, groups);
    }
}
