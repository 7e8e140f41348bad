package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Indexing;

/** Gradient rules of indexing: what was chosen gets the gradient, summed over each time that it was. */
final class IndexingVjp {
    private IndexingVjp() {
    }

    static Tensor[] of(Indexing op, Node n) {
        Tensor g = n.gradient();
        return switch (op) {
            case Indexing.Gather c -> n.first(scatter(n, c.axis(), n.input(1), g));
            case Indexing.ScatterAdd s ->
                new Tensor[] {g, null, n.needs(2) ? g.gather(s.axis(), n.input(1)) : null};
            case Indexing.IndexSelect s ->
                n.first(Tensor.apply(new Indexing.IndexAdd(n.shape(0), s.axis()), n.input(1), g));
            case Indexing.IndexAdd a -> new Tensor[] {null, g.indexSelect(a.axis(), n.input(0))};
            case Indexing.OneHot o -> n.none();
            case Indexing.TopK t -> n.first(scatter(n, t.axis(), n.output(1), g));
            case Indexing.Sort s -> n.first(scatter(n, s.axis(), n.output(1), g));
        };
    }

    private static Tensor scatter(Node n, int axis, Tensor ids, Tensor g) {
        return Backward.zeros(n.spec(0)).scatterAdd(axis, ids, g);
    }
}
