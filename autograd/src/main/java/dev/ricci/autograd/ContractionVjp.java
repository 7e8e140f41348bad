package dev.ricci.autograd;

import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction;
import java.util.stream.IntStream;

/** Gradient rules of matrix products, convolutions and pooling, and of their gradients. */
final class ContractionVjp {
    private ContractionVjp() {
    }

    static Tensor[] of(Contraction op, Node n) {
        Tensor g = n.gradient();
        boolean a = n.needs(0);
        boolean b = n.inputs() > 1 && n.needs(1);
        return switch (op) {
            case Contraction.MatMul m -> {
                Tensor[] found = n.none();
                found[0] = a ? Tensor.apply(m, g, n.input(1).transpose(-2, -1)) : null;
                found[1] = b ? second(m, n, g) : null;
                if (n.inputs() == 3 && n.needs(2)) {
                    found[2] = g.sum(IntStream.range(0, g.rank() - 1).toArray());
                }
                yield found;
            }
            case Contraction.Conv2d c -> new Tensor[] {
                a ? Tensor.apply(input(c, n.shape(0)), g, n.input(1)) : null,
                b ? Tensor.apply(weight(c, n.shape(1)), g, n.input(0)) : null};
            // <h, input(grad, w)> = <conv(h, w), grad> = <weight(grad, h), w>: each of the three ops is linear in both
            // of its inputs, and the other two are its gradients.
            case Contraction.Conv2dBackwardInput i -> {
                Contraction.Conv2d c = new Contraction.Conv2d(i.window(), i.groups());
                yield new Tensor[] {a ? Tensor.apply(c, g, n.input(1)) : null,
                    b ? Tensor.apply(weight(c, n.shape(1)), n.input(0), g) : null};
            }
            case Contraction.Conv2dBackwardWeight w -> {
                Contraction.Conv2d c = new Contraction.Conv2d(w.window(), w.groups());
                yield new Tensor[] {a ? Tensor.apply(c, n.input(1), g) : null,
                    b ? Tensor.apply(input(c, n.shape(1)), n.input(0), g) : null};
            }
            case Contraction.MaxPool2d p ->
                n.first(Tensor.apply(new Contraction.MaxPool2dBackward(n.shape(0)), g, n.output(1)));
            case Contraction.MaxPool2dBackward p -> n.first(places(g, n.input(1)));
            case Contraction.AvgPool2d p -> n.first(Tensor.apply(
                    new Contraction.AvgPool2dBackward(p.kernelH(), p.kernelW(), p.window(), n.shape(0)), g));
            case Contraction.AvgPool2dBackward p ->
                n.first(Tensor.apply(new Contraction.AvgPool2d(p.kernelH(), p.kernelW(), p.window()), g));
        };
    }

    /**
     * The gradient of a product's second factor. A transposed factor, such as the weight of a linear layer, gets a
     * transposed gradient, so that the factor itself gets a dense one: the optimizer would copy any other.
     */
    private static Tensor second(Contraction.MatMul op, Node n, Tensor g) {
        if (n.needs(0) && isTransposed(n.input(1).layout())) {
            return Tensor.apply(op, g.transpose(-2, -1), n.input(0)).transpose(-2, -1);
        }
        return Tensor.apply(op, n.input(0).transpose(-2, -1), g);
    }

    private static boolean isTransposed(Layout x) {
        int rank = x.shape().rank();
        return x.stride(rank - 2) == 1 && x.stride(rank - 1) > 1;
    }

    private static Contraction.Conv2dBackwardInput input(Contraction.Conv2d c, Shape x) {
        return new Contraction.Conv2dBackwardInput(c.window(), c.groups(), x);
    }

    private static Contraction.Conv2dBackwardWeight weight(Contraction.Conv2d c, Shape w) {
        return new Contraction.Conv2dBackwardWeight(c.window(), c.groups(), w);
    }

    /** The elements of images [B, C, H, W] at places h * W + w. */
    private static Tensor places(Tensor images, Tensor places) {
        Shape lead = images.shape().sub(0, 2);
        Tensor flat = images.reshape(lead.concat(Shape.of(images.dim(2) * images.dim(3))));
        return flat.gather(2, places.reshape(lead.concat(Shape.of(places.dim(2) * places.dim(3)))))
                .reshape(places.shape());
    }
}
