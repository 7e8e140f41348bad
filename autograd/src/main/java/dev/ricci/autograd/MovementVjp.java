package dev.ricci.autograd;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import java.util.Arrays;

/** Gradient rules of movements. All are linear, so they read nothing. */
final class MovementVjp {
    private MovementVjp() {
    }

    static Tensor[] of(Movement op, Node n) {
        Tensor g = n.gradient();
        Shape in = n.shape(0);
        return switch (op) {
            case Movement.Reshape r -> n.first(g.reshape(in));
            case Movement.Permute p -> n.first(Tensor.apply(new Movement.Permute(inverse(p.order())), g));
            case Movement.Expand e -> n.first(sumTo(g, in));
            case Movement.Slice s -> n.first(Tensor.apply(new Movement.SliceBackward(in, s.starts(), s.steps()), g));
            case Movement.Flip f -> n.first(Tensor.apply(f, g));
            case Movement.Copy c -> n.first(g);
            case Movement.SliceBackward s ->
                n.first(Tensor.apply(new Movement.Slice(s.starts(), Ints.of(in.toArray()), s.steps()), g));
            case Movement.Pad p -> n.first(inner(g, p.before(), in));
            case Movement.Cat c -> cat(c, n, g);
            case Movement.Triangular t -> n.first(Tensor.apply(t, g));
        };
    }

    private static Ints inverse(Ints order) {
        int[] back = new int[order.size()];
        for (int i = 0; i < back.length; i++) {
            back[order.at(i)] = i;
        }
        return Ints.of(back);
    }

    /** The only un-broadcast: each element gets the sum over the places that it was repeated to. */
    private static Tensor sumTo(Tensor g, Shape in) {
        int ahead = g.rank() - in.rank();
        int[] repeated = new int[g.rank()];
        int count = 0;
        for (int a = 0; a < g.rank(); a++) {
            if (a < ahead || in.dim(a - ahead) == 1 && g.dim(a) != 1) {
                repeated[count++] = a;
            }
        }
        return (count == 0 ? g : g.sum(Arrays.copyOf(repeated, count))).reshape(in);
    }

    private static Tensor inner(Tensor g, Ints starts, Shape sizes) {
        int[] steps = new int[sizes.rank()];
        Arrays.fill(steps, 1);
        return Tensor.apply(new Movement.Slice(starts, Ints.of(sizes.toArray()), Ints.of(steps)), g);
    }

    private static Tensor[] cat(Movement.Cat op, Node n, Tensor g) {
        Tensor[] parts = n.none();
        int at = 0;
        for (int i = 0; i < parts.length; i++) {
            int size = n.shape(i).dim(op.axis());
            if (n.needs(i)) {
                parts[i] = g.slice(op.axis(), at, at + size);
            }
            at += size;
        }
        return parts;
    }
}
