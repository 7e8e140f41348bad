package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.ricci.tensor.op.Ints;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.reference.ReferenceBackend;
import dev.ricci.tensor.spi.HeapStorage;
import dev.ricci.tensor.spi.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class LayoutTest {
    /** Views of views show what copies of copies hold, and a reshape copies only where no strides could do. */
    @Property(tries = 2000)
    void chainsOfViewsEqualCopies(@ForAll long seed) {
        Random random = new Random(seed);
        int[] dims = new int[random.nextInt(4)];
        Arrays.setAll(dims, a -> new int[] {0, 1, 1, 2, 2, 3, 4, 6}[random.nextInt(random.nextInt(8) == 0 ? 1 : 8)]);
        Shape shape = Shape.of(dims);
        long[] values = new long[shape.size()];
        Arrays.setAll(values, i -> Long.MAX_VALUE - i);
        HeapStorage base = HeapStorage.of(values);
        Layout view = Layout.dense(shape);
        Operand copy = new Operand(base, view);
        for (int step = 0; step < 5; step++) {
            Movement.View op = draw(random, view.shape());
            Operand next = new Operand(HeapStorage.allocate(DType.I64,
                    op.infer(List.of(new TensorSpec(DType.I64, view.shape()))).getFirst().shape().size()),
                    Layout.dense(op.infer(List.of(new TensorSpec(DType.I64, view.shape()))).getFirst().shape()));
            ReferenceBackend.INSTANCE.execute(op, new Operand[] {copy}, new Operand[] {next});
            Layout viewed = op.view(view);
            if (viewed == null) {
                assertFalse(isAffine(view, next.shape()), () -> op + " needs no copy");
                base = next.heap();
                viewed = next.layout();
            }
            view = viewed;
            copy = next;
            assertEquals(copy.shape(), view.shape());
            assertArrayEquals(copy.heap().longs(), TensorReader.longs(base, view), op.toString());
            assertEquals(isRowMajor(view), view.isDense(), view.toString());
        }
    }

    private static Movement.View draw(Random random, Shape s) {
        int[] d = s.toArray();
        return switch (random.nextInt(5)) {
            case 0 -> {
                List<Integer> order = new ArrayList<>();
                for (int a = 0; a < d.length; a++) {
                    order.add(a);
                }
                Collections.shuffle(order, random);
                yield new Movement.Permute(Ints.of(order.stream().mapToInt(i -> i).toArray()));
            }
            case 1 -> {
                int[] starts = new int[d.length];
                int[] steps = new int[d.length];
                for (int a = 0; a < d.length; a++) {
                    starts[a] = random.nextInt(d[a] + 1);
                    steps[a] = 1 + random.nextInt(2);
                    d[a] = random.nextInt((d[a] - starts[a] + steps[a] - 1) / steps[a] + 1);
                }
                yield new Movement.Slice(Ints.of(starts), Ints.of(d), Ints.of(steps));
            }
            case 2 -> new Movement.Flip(d.length == 0 ? Ints.of() : Ints.of(random.nextInt(d.length)));
            case 3 -> {
                for (int a = 0; a < d.length; a++) {
                    d[a] = d[a] == 1 ? random.nextInt(4) : d[a];
                }
                Shape to = Shape.of(d);
                yield new Movement.Expand(to.size() < 100 && to.rank() < 5 && random.nextBoolean()
                        ? to.insert(0, 1 + random.nextInt(2)) : to);
            }
            default -> new Movement.Reshape(reshaped(random, s));
        };
    }

    /** Another shape of the same size: factors in any grouping, with a few ones thrown in. */
    private static Shape reshaped(Random random, Shape s) {
        if (s.isEmpty()) {
            return Shape.of(3, 0);
        }
        List<Integer> dims = new ArrayList<>();
        int rest = s.size();
        while (rest > 1) {
            int f = 2;
            while (rest % f != 0) {
                f++;
            }
            if (!dims.isEmpty() && random.nextBoolean()) {
                dims.set(dims.size() - 1, dims.getLast() * f);
            } else {
                dims.add(f);
            }
            rest /= f;
        }
        if (random.nextInt(3) == 0) {
            Collections.shuffle(dims, random);
        }
        if (random.nextInt(3) == 0) {
            dims.add(random.nextInt(dims.size() + 1), 1);
        }
        return Shape.of(dims.stream().mapToInt(i -> i).toArray());
    }

    /** Whether the elements of a layout, in order, can be had by strides over another shape. */
    private static boolean isAffine(Layout from, Shape to) {
        List<Integer> places = new ArrayList<>();
        TensorReader.forEach(from, places::add);
        int[] strides = new int[to.rank()];
        for (int a = 0, inner = to.size(); a < strides.length; a++) {
            inner /= to.dim(a);
            strides[a] = to.dim(a) > 1 ? places.get(inner) - places.getFirst() : 0;
        }
        for (int n = 0; n < places.size(); n++) {
            int at = places.getFirst();
            for (int a = to.rank() - 1, rest = n; a >= 0; a--) {
                at += rest % to.dim(a) * strides[a];
                rest /= to.dim(a);
            }
            if (at != places.get(n)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isRowMajor(Layout layout) {
        int[] next = {layout.offset()};
        boolean[] holds = {true};
        TensorReader.forEach(layout, i -> holds[0] &= i == next[0]++);
        return holds[0];
    }
}
