package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Sums and their like in a fixed order. */
final class ReductionKernels {
    private ReductionKernels() {
    }

    /** Where the reduced element {@code i} lies, relative to the first of its result. */
    private static int reduced(IntArray p, int i) {
        int rest = i;
        int place = 0;
        for (int a = p.get(Params.REDUCED_RANK) - 1; a >= 0; a--) {
            int d = p.get(Params.REDUCED_DIMS + a);
            int above = rest / d;
            place += (rest - above * d) * p.get(Params.REDUCED_STRIDES + a);
            rest = above;
        }
        return place;
    }

    /** Sum, product or extreme of two, by the ordinal of {@link dev.ricci.tensor.op.ReduceKind}. */
    private static float both(int kind, float a, float b) {
        float y = a + b;
        if (kind == 3) {
            y = a * b;
        } else if (kind == 4) {
            y = DeviceMath.max(a, b);
        } else if (kind == 5) {
            y = DeviceMath.min(a, b);
        }
        return y;
    }

    /** A group of 256 a result; KIND 6 is log-sum-exp. */
    static void kReduce(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int kind = p.get(Params.KIND);
        int count = p.get(Params.FIRST);
        int from = p.get(Params.A) + Index.at(p, Params.STRIDES_A, c.groupIdx);
        float[] part = c.allocateFloatLocalArray(256);
        float infinity = q.get(Params.INFINITY);
        float empty = kind == 3 ? 1f : kind == 4 || kind == 6 ? -infinity : kind == 5 ? infinity : 0f;
        int first = kind == 6 ? 4 : kind;
        float acc = empty;
        for (int i = tid; i < count; i += 256) {
            float x = f.get(from + reduced(p, i));
            acc = both(first, acc, kind == 1 ? x * x : x);
        }
        part[tid] = acc;
        for (int half = 128; half > 0; half = half / 2) {
            c.localBarrier();
            if (tid < half) {
                part[tid] = both(first, part[tid], part[tid + half]);
            }
        }
        c.localBarrier();
        float result = part[0];
        if (kind == 6) {
            c.localBarrier();
            float sum = 0f;
            for (int i = tid; i < count; i += 256) {
                sum += TornadoMath.exp(f.get(from + reduced(p, i)) - result);
            }
            part[tid] = sum;
            for (int half = 128; half > 0; half = half / 2) {
                c.localBarrier();
                if (tid < half) {
                    part[tid] += part[tid + half];
                }
            }
            c.localBarrier();
            // An infinite or NaN maximum is the answer.
            result = result - result == 0f ? result + TornadoMath.log(part[0]) : result;
        }
        if (tid == 0) {
            f.set(p.get(Params.OUT) + c.groupIdx, kind == 2 ? result / count : result);
        }
    }

    /** Few elements a result: an item each. */
    static void kReduceFew(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int o = c.globalIdx;
        if (o < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int count = p.get(Params.FIRST);
            int from = p.get(Params.A) + Index.at(p, Params.STRIDES_A, o);
            float infinity = q.get(Params.INFINITY);
            float acc = kind == 3 ? 1f : kind == 4 || kind == 6 ? -infinity : kind == 5 ? infinity : 0f;
            int first = kind == 6 ? 4 : kind;
            for (int i = 0; i < count; i++) {
                float x = f.get(from + reduced(p, i));
                acc = both(first, acc, kind == 1 ? x * x : x);
            }
            if (kind == 6) {
                float sum = 0f;
                for (int i = 0; i < count; i++) {
                    sum += TornadoMath.exp(f.get(from + reduced(p, i)) - acc);
                }
                acc = acc - acc == 0f ? acc + TornadoMath.log(sum) : acc;
            }
            f.set(p.get(Params.OUT) + o, kind == 2 ? acc / count : acc);
        }
    }

    /** Whole numbers, an item a result: KIND 7 is any, 8 is all. */
    static void kReduceWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int o = c.globalIdx;
        if (o < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int type = p.get(Params.TYPE);
            int from = p.get(Params.A) + Index.at(p, Params.STRIDES_A, o);
            long acc = kind == 3 || kind == 8 ? 1 : 0;
            for (int i = 0; i < p.get(Params.FIRST); i++) {
                long x = Index.whole(n, l, type, from + reduced(p, i));
                if (kind == 0) {
                    acc += x;
                } else if (kind == 3) {
                    acc *= x;
                } else if (kind == 4) {
                    acc = i == 0 || x > acc ? x : acc;
                } else if (kind == 5) {
                    acc = i == 0 || x < acc ? x : acc;
                } else if (kind == 7) {
                    acc = acc | x;
                } else {
                    acc = acc & x;
                }
            }
            Index.put(n, l, type, p.get(Params.OUT) + o, acc);
        }
    }

    /** The first extreme of each lane of FIRST elements SECOND apart; KIND 1 is the maximum. NaN is the extreme. */
    static void kArg(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int o = c.globalIdx;
        if (o < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int count = p.get(Params.FIRST);
            int inner = p.get(Params.SECOND);
            int from = p.get(Params.A) + o / inner * inner * count + o % inner;
            int best = 0;
            float most = f.get(from);
            for (int i = 1; i < count; i++) {
                float x = f.get(from + i * inner);
                int better = 0;
                if (most == most) {
                    if (x != x) {
                        better = 1;
                    } else if (kind == 1) {
                        better = x > most ? 1 : 0;
                    } else {
                        better = x < most ? 1 : 0;
                    }
                }
                if (better == 1) {
                    best = i;
                    most = x;
                }
            }
            n.set(p.get(Params.OUT) + o, best);
        }
    }

    /** {@link #kArg} of whole numbers. */
    static void kArgWhole(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int o = c.globalIdx;
        if (o < p.get(Params.COUNT)) {
            int kind = p.get(Params.KIND);
            int type = p.get(Params.TYPE);
            int count = p.get(Params.FIRST);
            int inner = p.get(Params.SECOND);
            int from = p.get(Params.A) + o / inner * inner * count + o % inner;
            int best = 0;
            long most = Index.whole(n, l, type, from);
            for (int i = 1; i < count; i++) {
                long x = Index.whole(n, l, type, from + i * inner);
                int better = x < most ? 1 : 0;
                if (kind == 1) {
                    better = x > most ? 1 : 0;
                }
                if (better == 1) {
                    best = i;
                    most = x;
                }
            }
            n.set(p.get(Params.OUT) + o, best);
        }
    }

    /** Running sums of lanes of FIRST elements SECOND apart; KIND 1 runs from the end. */
    static void kCumSum(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int o = c.globalIdx;
        if (o < p.get(Params.COUNT)) {
            int type = p.get(Params.TYPE);
            int count = p.get(Params.FIRST);
            int inner = p.get(Params.SECOND);
            int lane = o / inner * inner * count + o % inner;
            float sum = 0f;
            // What the sum lost to rounding: thousands of elements may stand in a lane.
            float lost = 0f;
            long whole = 0;
            for (int i = 0; i < count; i++) {
                int at = lane + i * inner;
                if (p.get(Params.KIND) == 1) {
                    at = lane + (count - 1 - i) * inner;
                }
                if (type == 0) {
                    float x = f.get(p.get(Params.A) + at);
                    float y = x - lost;
                    float t = sum + y;
                    lost = t - sum - y;
                    lost = lost == lost ? lost : 0f;
                    sum = t;
                    f.set(p.get(Params.OUT) + at, sum);
                } else {
                    whole += Index.whole(n, l, type, p.get(Params.A) + at);
                    Index.put(n, l, type, p.get(Params.OUT) + at, whole);
                }
            }
        }
    }

    /** Whether element a of a lane comes before b: by value, KIND 1 the largest first, NaN counting as largest; then by place. */
    private static int before(FloatArray f, IntArray n, LongArray l, IntArray p, int lane, int a, int b) {
        int type = p.get(Params.TYPE);
        int inner = p.get(Params.SECOND);
        int above = 0;
        int below = 0;
        // What pads a lane comes last.
        if (a < p.get(Params.FIRST) && b < p.get(Params.FIRST)) {
            // Apart, for a three-way comparison does not compile.
            if (type == 0) {
                float x = f.get(lane + a * inner);
                float y = f.get(lane + b * inner);
                int xNan = x != x ? 1 : 0;
                int yNan = y != y ? 1 : 0;
                above = (x > y ? 1 : 0) | (xNan > yNan ? 1 : 0);
                below = (x < y ? 1 : 0) | (xNan < yNan ? 1 : 0);
            } else {
                long x = Index.whole(n, l, type, lane + a * inner);
                long y = Index.whole(n, l, type, lane + b * inner);
                above = x > y ? 1 : 0;
                below = x < y ? 1 : 0;
            }
        }
        int wins = p.get(Params.KIND) == 1 ? above : below;
        int earlier = a < b ? 1 : 0;
        return above + below == 0 ? earlier : wins;
    }

    /**
     * Sorts lanes of FIRST elements SECOND apart, a group each, by a bitonic network (Batcher 1968) over the places, of
     * which ROWS, a power of two, stand at THIRD for each lane. The first EXTRA are written, values to OUT and indices to B.
     */
    static void kSort(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int tid = c.localIdx;
        int size = p.get(Params.ROWS);
        int inner = p.get(Params.SECOND);
        int places = p.get(Params.THIRD) + c.groupIdx * size;
        int outer = c.groupIdx / inner;
        int lane = p.get(Params.A) + outer * inner * p.get(Params.FIRST) + c.groupIdx % inner;
        for (int i = tid; i < size; i += 256) {
            n.set(places + i, i);
        }
        c.globalBarrier();
        for (int k = 2; k <= size; k = k * 2) {
            for (int j = k / 2; j > 0; j = j / 2) {
                for (int i = tid; i < size; i += 256) {
                    int other = i ^ j;
                    if (other > i) {
                        int a = n.get(places + i);
                        int b = n.get(places + other);
                        int swap = before(f, n, l, p, lane, b, a);
                        if ((i & k) != 0) {
                            swap = 1 - swap;
                        }
                        if (swap == 1) {
                            n.set(places + i, b);
                            n.set(places + other, a);
                        }
                    }
                }
                c.globalBarrier();
            }
        }
        int most = p.get(Params.EXTRA);
        for (int i = tid; i < most; i += 256) {
            int place = n.get(places + i);
            int to = (outer * most + i) * inner + c.groupIdx % inner;
            Index.move(f, n, l, p.get(Params.TYPE), lane + place * inner, p.get(Params.OUT) + to);
            n.set(p.get(Params.B) + to, place);
        }
    }
}
