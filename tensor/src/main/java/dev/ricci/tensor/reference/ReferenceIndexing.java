package dev.ricci.tensor.reference;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.reference.Dense.Lanes;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;

final class ReferenceIndexing {
    private ReferenceIndexing() {
    }

    static void run(Indexing op, Operand[] in, Operand[] out) {
        switch (op) {
            case Indexing.Gather o -> gather(o, in[0], in[1], out[0]);
            case Indexing.ScatterAdd o -> {
                int[] ids = IdCheck.read(o.name(), "ids", in[1], in[0].shape().dim(o.axis()));
                add(in[0], in[2], scatterTargets(in[1].shape(), ids, in[0].shape(), o.axis()), out[0]);
            }
            case Indexing.IndexSelect o -> {
                Shape x = in[0].shape();
                int[] ids = IdCheck.read(o.name(), "ids", in[1], x.dim(o.axis()));
                int[] chosen = selected(x, o.axis(), ids);
                int[] places = Dense.places(in[0].layout());
                for (int n = 0; n < chosen.length; n++) {
                    Dense.move(in[0], places[chosen[n]], out[0], n);
                }
            }
            case Indexing.IndexAdd o -> {
                int[] ids = IdCheck.read(o.name(), "ids", in[0], o.to().dim(o.axis()));
                add(null, in[1], selected(o.to(), o.axis(), ids), out[0]);
            }
            case Indexing.OneHot o -> {
                int[] ids = IdCheck.read(o.name(), "ids", in[0], o.depth());
                Dense.zero(out[0]);
                for (int n = 0; n < ids.length; n++) {
                    Dense.put(out[0], n * o.depth() + ids[n], 1);
                }
            }
            case Indexing.TopK o -> sorted(in[0], o.axis(), o.largest(), o.k(), out);
            case Indexing.Sort o -> sorted(in[0], o.axis(), o.descending(), in[0].shape().dim(o.axis()), out);
        }
    }

    private static void gather(Indexing.Gather op, Operand x, Operand ids, Operand out) {
        int[] chosen = IdCheck.read(op.name(), "ids", ids, x.shape().dim(op.axis()));
        int[] from = new int[x.shape().rank()];
        Dense.forEach(ids.shape(), (at, n) -> {
            System.arraycopy(at, 0, from, 0, at.length);
            from[op.axis()] = chosen[n];
            Dense.move(x, x.layout().index(from), out, n);
        });
    }

    /** The row-major place in the base that each element of a scattered source goes to. */
    private static int[] scatterTargets(Shape source, int[] ids, Shape base, int axis) {
        int[] targets = new int[ids.length];
        Dense.forEach(source, (at, n) -> {
            for (int a = 0; a < at.length; a++) {
                targets[n] = targets[n] * base.dim(a) + (a == axis ? ids[n] : at[a]);
            }
        });
        return targets;
    }

    /** The row-major place in x of each element of the selection. */
    private static int[] selected(Shape x, int axis, int[] ids) {
        Lanes lanes = Lanes.of(x, axis);
        int[] chosen = new int[lanes.outer() * ids.length * lanes.inner()];
        int n = 0;
        for (int o = 0; o < lanes.outer(); o++) {
            for (int id : ids) {
                for (int k = 0; k < lanes.inner(); k++) {
                    chosen[n++] = lanes.at(o, id, k);
                }
            }
        }
        return chosen;
    }

    /** The base, or zeros if it is null, plus each element of the source at its target. */
    private static void add(Operand base, Operand source, int[] targets, Operand out) {
        if (Dense.isFloating(out)) {
            double[] sum = base == null ? new double[out.size()] : Dense.doubles(base);
            double[] v = Dense.doubles(source);
            for (int n = 0; n < v.length; n++) {
                sum[targets[n]] += v[n];
            }
            Dense.write(out, sum);
        } else {
            long[] sum = base == null ? new long[out.size()] : Dense.longs(base);
            long[] v = Dense.longs(source);
            for (int n = 0; n < v.length; n++) {
                sum[targets[n]] += v[n];
            }
            Dense.write(out, sum);
        }
    }

    private static void sorted(Operand x, int axis, boolean descending, int keep, Operand[] out) {
        Lanes lanes = Lanes.of(x.shape(), axis);
        Lanes kept = new Lanes(lanes.outer(), keep, lanes.inner());
        Order order = Order.of(x);
        int[] places = Dense.places(x.layout());
        int[] indices = new int[out[1].size()];
        Integer[] lane = new Integer[lanes.n()];
        for (int o = 0; o < lanes.outer(); o++) {
            for (int k = 0; k < lanes.inner(); k++) {
                Arrays.setAll(lane, i -> i);
                int outer = o;
                int inner = k;
                // Sorting objects is stable; the order is turned round by its sign, which leaves equals in order.
                Arrays.sort(lane, (a, b) -> (descending ? -1 : 1)
                        * order.compare(lanes.at(outer, a, inner), lanes.at(outer, b, inner)));
                for (int i = 0; i < keep; i++) {
                    indices[kept.at(o, i, k)] = lane[i];
                    Dense.move(x, places[lanes.at(o, lane[i], k)], out[0], kept.at(o, i, k));
                }
            }
        }
        Dense.write(out[1], indices);
    }
}
