package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Choosing by ids of type FLAG (1 or 2). What is added to one place is added by one item, in order. */
final class IndexKernels {
    private IndexKernels() {
    }

    /** A x [outer, SECOND, FIRST], B ids, EXTRA of them. */
    static void kSelect(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int inner = p.get(Params.FIRST);
            int chosen = i / inner;
            int ids = p.get(Params.EXTRA);
            int outer = chosen / ids;
            int id = (int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.B) + chosen - outer * ids);
            Index.move(f, n, l, p.get(Params.TYPE), p.get(Params.A) + (outer * p.get(Params.SECOND) + id) * inner + i % inner,
                    p.get(Params.OUT) + i);
        }
    }

    /** A x, whose stride along the axis is FIRST (0 among the strides), B ids. */
    static void kGather(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int id = (int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.B) + Index.at(p, Params.STRIDES_B, i));
            Index.move(f, n, l, p.get(Params.TYPE), p.get(Params.A) + Index.at(p, Params.STRIDES_A, i) + id * p.get(Params.FIRST),
                    p.get(Params.OUT) + i);
        }
    }

    /**
     * A base, B ids, C source. Along axis EXTRA, which has FIRST ids, the strides of ids and source are 0; theirs are
     * SECOND and THIRD. ID_DIMS: the sizes of the ids along the other axes.
     */
    static void kScatterAdd(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            int mine = 0;
            int within = 1;
            int rest = i;
            int ids = p.get(Params.B);
            int source = p.get(Params.C);
            int base = p.get(Params.A);
            for (int a = p.get(Params.RANK) - 1; a >= 0; a--) {
                int d = p.get(Params.DIMS + a);
                int above = rest / d;
                int at = rest - above * d;
                base += at * p.get(Params.STRIDES_A + a);
                ids += at * p.get(Params.STRIDES_B + a);
                source += at * p.get(Params.STRIDES_C + a);
                if (a == p.get(Params.EXTRA)) {
                    mine = at;
                } else if (at >= p.get(Params.ID_DIMS + a)) {
                    within = 0;
                }
                rest = above;
            }
            float sum = 0f;
            long whole = 0;
            if (type == 0) {
                sum = f.get(base);
            } else {
                whole = Index.whole(n, l, type, base);
            }
            if (within == 1) {
                for (int j = 0; j < p.get(Params.FIRST); j++) {
                    int id = (int) Index.whole(n, l, p.get(Params.FLAG), ids + j * p.get(Params.SECOND));
                    if (id == mine) {
                        if (type == 0) {
                            sum += f.get(source + j * p.get(Params.THIRD));
                        } else {
                            whole += Index.whole(n, l, type, source + j * p.get(Params.THIRD));
                        }
                    }
                }
            }
            if (type == 0) {
                f.set(p.get(Params.OUT) + i, sum);
            } else {
                Index.put(n, l, type, p.get(Params.OUT) + i, whole);
            }
        }
    }

    /**
     * Chains of equal ids: at FIRST, for each row, the first place with its id (-1 stands there before); at SECOND, for
     * each place, the next one with the same id, or -1. An item a place; COUNT places.
     */
    static void kChain(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        int count = p.get(Params.COUNT);
        if (i < count) {
            int type = p.get(Params.FLAG);
            int ids = p.get(Params.B);
            long id = Index.whole(n, l, type, ids + i);
            int earlier = 0;
            for (int j = 0; j < i; j++) {
                if (Index.whole(n, l, type, ids + j) == id) {
                    earlier = 1;
                }
            }
            int next = -1;
            for (int j = count - 1; j > i; j--) {
                if (Index.whole(n, l, type, ids + j) == id) {
                    next = j;
                }
            }
            n.set(p.get(Params.SECOND) + i, next);
            if (earlier == 0) {
                n.set(p.get(Params.FIRST) + (int) id, i);
            }
        }
    }

    /** A source [outer, EXTRA, THIRD] added by the chains of {@link #kChain} to zeros [outer, ROWS, THIRD]. */
    static void kIndexAdd(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            int inner = p.get(Params.THIRD);
            int rows = p.get(Params.ROWS);
            int row = i / inner;
            int outer = row / rows;
            int from = p.get(Params.A) + outer * p.get(Params.EXTRA) * inner + i % inner;
            float sum = 0f;
            long whole = 0;
            int j = n.get(p.get(Params.FIRST) + row - outer * rows);
            while (j >= 0) {
                if (type == 0) {
                    sum += f.get(from + j * inner);
                } else {
                    whole += Index.whole(n, l, type, from + j * inner);
                }
                j = n.get(p.get(Params.SECOND) + j);
            }
            if (type == 0) {
                f.set(p.get(Params.OUT) + i, sum);
            } else {
                Index.put(n, l, type, p.get(Params.OUT) + i, whole);
            }
        }
    }

    /** B ids; FIRST is the depth. */
    static void kOneHot(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int depth = p.get(Params.FIRST);
            int id = (int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.B) + i / depth);
            f.set(p.get(Params.OUT) + i, id == i % depth ? 1f : 0f);
        }
    }
}
