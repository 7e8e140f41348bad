package dev.ricci.testkit;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Layout;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.spi.HeapStorage;
import java.util.Arrays;

/** Tensors with the same values in other layouts. What lies between the elements is poison: NaN, or absurd ids. */
final class Views {
    private Views() {
    }

    /** The same values, dense or permuted, stepped, flipped, at an offset, or all of it. */
    static Tensor drawn(Draw draw, Tensor values) {
        int kind = Math.max(0, draw.below(9) - 3);
        return kind == 0 ? values : of(draw, values, kind == 1 || kind == 5, kind == 2 || kind == 5,
                kind == 3 || kind == 5, kind == 4 || kind == 5);
    }

    private static Tensor of(Draw draw, Tensor values, boolean permute, boolean step, boolean flip, boolean shift) {
        int rank = values.rank();
        int[] order = draw.order(permute ? rank : 0);
        if (!permute) {
            order = new int[rank];
            Arrays.setAll(order, i -> i);
        }
        int[] starts = new int[rank];
        int[] sizes = new int[rank];
        int[] steps = new int[rank];
        int[] whole = new int[rank];
        int[] flips = new int[rank];
        int flipped = 0;
        for (int i = 0; i < rank; i++) {
            int axis = order[i];
            sizes[axis] = values.dim(i);
            starts[axis] = step ? draw.below(3) : 0;
            steps[axis] = step ? draw.between(1, 3) : 1;
            whole[axis] = starts[axis] + Math.max(0, (sizes[axis] - 1) * steps[axis] + 1) + (step ? draw.below(2) : 0);
            if (flip && !draw.flag()) {
                flips[flipped++] = axis;
            }
        }
        int before = shift ? draw.between(1, 5) : 0;
        Shape big = Shape.of(whole);
        HeapStorage storage = HeapStorage.allocate(values.dtype(), before + big.size() + (shift ? draw.below(4) : 0));
        poison(storage);
        Tensor view = Tensor.wrap(storage, Shape.of(storage.size())).slice(0, before, before + big.size()).reshape(big);
        view = Tensor.apply(new Movement.Slice(Ints.of(starts), Ints.of(sizes), Ints.of(steps)), view);
        view = view.flip(Arrays.copyOf(flips, flipped)).permute(order);
        write(values, storage, view.layout());
        return view;
    }

    /** A dense copy, made without any backend. */
    static Tensor dense(Tensor t) {
        HeapStorage storage = HeapStorage.allocate(t.dtype(), t.size());
        write(t, storage, Layout.dense(t.shape()));
        return Tensor.wrap(storage, t.shape());
    }

    /** Fills storage with what no kernel may let through. */
    static void poison(HeapStorage storage) {
        switch (storage.dtype()) {
            case F32 -> Arrays.fill(storage.floats(), Float.NaN);
            case F64 -> Arrays.fill(storage.doubles(), Double.NaN);
            case F16, BF16 -> Arrays.fill(storage.shorts(), (short) 0x7FFF);
            case I32 -> Arrays.fill(storage.ints(), -1_000_003);
            case I64 -> Arrays.fill(storage.longs(), -1_000_000_000_003L);
            case U8 -> Arrays.fill(storage.bytes(), (byte) 0xA7);
            case BOOL -> Arrays.fill(storage.bytes(), (byte) 1);
        }
    }

    private static void write(Tensor from, HeapStorage to, Layout layout) {
        HeapStorage source = (HeapStorage) from.storage().plain();
        int size = layout.shape().size();
        int rank = layout.shape().rank();
        int[] at = new int[rank];
        for (int n = 0; n < size; n++) {
            copy(source, from.layout().index(at), to, layout.index(at));
            for (int a = rank - 1; a >= 0 && ++at[a] == layout.shape().dim(a); a--) {
                at[a] = 0;
            }
        }
    }

    private static void copy(HeapStorage from, int i, HeapStorage to, int j) {
        switch (from.dtype()) {
            case F32 -> to.floats()[j] = from.floats()[i];
            case F64 -> to.doubles()[j] = from.doubles()[i];
            case F16, BF16 -> to.shorts()[j] = from.shorts()[i];
            case I32 -> to.ints()[j] = from.ints()[i];
            case I64 -> to.longs()[j] = from.longs()[i];
            case U8, BOOL -> to.bytes()[j] = from.bytes()[i];
        }
    }

    /** The raw contents of a tensor's whole storage, gaps included: to see whether something wrote to it. */
    static Object contents(Tensor t) {
        HeapStorage s = (HeapStorage) t.storage().plain();
        return switch (s.dtype()) {
            case F32 -> s.floats().clone();
            case F64 -> s.doubles().clone();
            case F16, BF16 -> s.shorts().clone();
            case I32 -> s.ints().clone();
            case I64 -> s.longs().clone();
            case U8, BOOL -> s.bytes().clone();
        };
    }

    /** Whether two results of {@link #contents} have the same bits. */
    static boolean sameContents(Object a, Object b) {
        return switch (a) {
            case float[] f -> Arrays.equals(f, (float[]) b);
            case double[] d -> Arrays.equals(d, (double[]) b);
            case short[] s -> Arrays.equals(s, (short[]) b);
            case int[] i -> Arrays.equals(i, (int[]) b);
            case long[] l -> Arrays.equals(l, (long[]) b);
            case byte[] y -> Arrays.equals(y, (byte[]) b);
            default -> throw new IllegalArgumentException(a.getClass().getName());
        };
    }

    /** Poisoned storage of a type. */
    static HeapStorage poisoned(DType dtype, int size) {
        HeapStorage storage = HeapStorage.allocate(dtype, size);
        poison(storage);
        return storage;
    }
}
