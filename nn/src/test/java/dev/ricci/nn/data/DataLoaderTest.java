package dev.ricci.nn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DataLoaderTest {
    private static final Dataset TEN = InMemory.of(Tensor.arange(10), null);

    private static List<Integer> ids(Batch b) {
        return IntStream.of(b.inputs().toIntArray()).boxed().toList();
    }

    private static List<List<Integer>> take(DataLoader loader, int n) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            all.add(ids(loader.next()));
        }
        return all;
    }

    @Test
    void shufflesEachEpochAnew() {
        try (DataLoader loader = DataLoader.of(TEN, DataLoader.Options.shuffled(5, 1))) {
            List<List<Integer>> epochs = new ArrayList<>();
            for (int e = 0; e < 3; e++) {
                List<Integer> epoch = new ArrayList<>();
                take(loader, 2).forEach(epoch::addAll);
                assertEquals(IntStream.range(0, 10).boxed().toList(), epoch.stream().sorted().toList());
                epochs.add(epoch);
            }
            assertNotEquals(epochs.get(0), epochs.get(1));
            assertNotEquals(epochs.get(1), epochs.get(2));
        }
    }

    @Test
    void shufflesEvenly() {
        // Where example 0 ends up over many seeds: each place about equally often.
        int[] places = new int[10];
        for (int seed = 0; seed < 2000; seed++) {
            List<Integer> epoch = take(DataLoader.of(TEN, DataLoader.Options.shuffled(10, seed).withPrefetch(0)), 1)
                    .getFirst();
            places[epoch.indexOf(0)]++;
        }
        for (int n : places) {
            assertTrue(n > 140 && n < 260, "" + n);
        }
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void isTheSameAheadOrNotAndGoesOnAnywhere(Order order) {
        DataLoader.Options options = new DataLoader.Options(3, order, 5, false, 0);
        List<List<Integer>> expected = take(DataLoader.of(TEN, options), 11);
        try (DataLoader ahead = DataLoader.of(TEN, options.withPrefetch(3))) {
            List<DataLoader.State> states = new ArrayList<>();
            for (List<Integer> e : expected) {
                states.add(ahead.state());
                assertEquals(e, ids(ahead.next()));
            }
            for (int i : new int[] {10, 3, 0, 7}) {
                ahead.seek(states.get(i));
                assertEquals(states.get(i), ahead.state());
                assertEquals(expected.subList(i, 11), take(ahead, 11 - i));
            }
            try (DataLoader other = DataLoader.of(TEN, new DataLoader.Options(3, order, 6, false, 1))) {
                other.seek(states.get(4));
                assertEquals(expected.subList(4, 11), take(other, 7));
            }
        }
    }

    @Test
    void countsBatches() {
        assertEquals(3, DataLoader.of(TEN, DataLoader.Options.shuffled(3, 0)).batchesPerEpoch());
        assertEquals(4, DataLoader.of(TEN, DataLoader.Options.sequential(3)).batchesPerEpoch());
        assertEquals(List.of(List.of(0, 1, 2), List.of(3, 4, 5), List.of(6, 7, 8), List.of(9), List.of(0, 1, 2)),
                take(DataLoader.of(TEN, DataLoader.Options.sequential(3)), 5));
    }

    @Test
    void refusesBadOptionsAndPositions() {
        assertThrows(TensorException.class, () -> DataLoader.Options.shuffled(0, 1));
        assertThrows(TensorException.class, () -> DataLoader.Options.sequential(1).withPrefetch(-1));
        assertThrows(TensorException.class, () -> DataLoader.of(TEN, DataLoader.Options.shuffled(11, 1)));
        DataLoader loader = DataLoader.of(TEN, DataLoader.Options.shuffled(3, 1));
        assertThrows(TensorException.class, () -> loader.seek(new DataLoader.State(0, 3, 1)));
        assertThrows(TensorException.class, () -> loader.seek(new DataLoader.State(-1, 0, 1)));
        assertThrows(TensorException.class, () -> DataLoader.of(new Dataset() {
            @Override
            public int size() {
                return 0;
            }

            @Override
            public Batch batch(int... indices) {
                throw new AssertionError();
            }
        }, DataLoader.Options.sequential(1)));
    }

    @Test
    void handsOnTheFailureOfTheData() {
        TensorException failure = new TensorException("the disk is gone");
        Dataset broken = new Dataset() {
            @Override
            public int size() {
                return 10;
            }

            @Override
            public Batch batch(int... indices) {
                if (indices[0] >= 4) {
                    throw failure;
                }
                return TEN.batch(indices);
            }
        };
        try (DataLoader loader = DataLoader.of(broken, DataLoader.Options.sequential(2).withPrefetch(2))) {
            take(loader, 2);
            assertSame(failure, assertThrows(TensorException.class, loader::next));
            assertSame(failure, assertThrows(TensorException.class, loader::next));
            loader.seek(new DataLoader.State(0, 1, 0));
            assertArrayEquals(new int[] {2, 3}, loader.next().inputs().toIntArray());
        }
    }
}
