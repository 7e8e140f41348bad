package dev.ricci.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.testkit.TensorArbitraries.ShapePair;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Shrinkable;

/** The arbitraries keep their promises, as properties and in jqwik's own engine. */
final class TensorArbitrariesProperties {
    @Provide
    Arbitrary<Shape> shapes() {
        return TensorArbitraries.shapes();
    }

    @Provide
    Arbitrary<ShapePair> pairs() {
        return TensorArbitraries.broadcastablePairs();
    }

    @Provide
    Arbitrary<Tensor> views() {
        return TensorArbitraries.views(DType.F32, TensorArbitraries.shapes(0, 3, 60), -2, 3);
    }

    @Provide
    Arbitrary<Tensor> ids() {
        return TensorArbitraries.shapes(0, 2, 20).flatMap(s -> TensorArbitraries.ids(s, 7));
    }

    @Provide
    Arbitrary<Tensor> masks() {
        return TensorArbitraries.shapes(0, 2, 20).flatMap(TensorArbitraries::masks);
    }

    @Property(tries = 300)
    void shapesStayInBounds(@ForAll("shapes") Shape s) {
        assertTrue(s.rank() <= 4 && s.size() <= 400);
    }

    @Property(tries = 300)
    void pairsBroadcast(@ForAll("pairs") ShapePair pair) {
        Shape both = pair.broadcast();
        assertTrue(both.equals(pair.left()) || both.equals(pair.right()));
    }

    @Property(tries = 300)
    void viewsHoldValuesInRangeAndNoPoison(@ForAll("views") Tensor t) {
        for (double v : t.toDoubleArray()) {
            assertTrue(v >= -2 && v < 3, () -> "value " + v);
        }
    }

    @Property(tries = 300)
    void layoutsKeepValues(@ForAll("layouts") Tensor t) {
        assertEquals(Shape.of(2, 3, 2), t.shape());
        assertEquals(Arrays.toString(new double[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
                Arrays.toString(t.toDoubleArray()));
    }

    @Provide
    Arbitrary<Tensor> layouts() {
        return TensorArbitraries.layoutsOf(Tensor.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 2));
    }

    @Property(tries = 200)
    void idsAndMasksStayInRange(@ForAll("ids") Tensor ids, @ForAll("masks") Tensor masks) {
        assertEquals(DType.I32, ids.dtype());
        assertTrue(Arrays.stream(ids.toLongArray()).allMatch(i -> i >= 0 && i < 7));
        assertEquals(DType.BOOL, masks.dtype());
        assertTrue(Arrays.stream(masks.toLongArray()).allMatch(i -> i == 0 || i == 1));
    }

    @Example
    void everyRankAndKindOfSizeOccurs() {
        Set<Integer> ranks = new HashSet<>();
        Set<Integer> sizes = new HashSet<>();
        samples(shapes(), 500).forEach(s -> {
            ranks.add(s.rank());
            Arrays.stream(s.toArray()).forEach(sizes::add);
        });
        assertEquals(Set.of(0, 1, 2, 3, 4), ranks);
        assertTrue(sizes.containsAll(Set.of(0, 1, 2, 3, 5)) && sizes.stream().anyMatch(n -> n > 16), sizes::toString);
    }

    @Example
    void everyKindOfLayoutOccurs() {
        List<Tensor> drawn = samples(TensorArbitraries.views(DType.F64, Shape.of(3, 4), 0, 1), 400);
        assertOccurs(drawn, t -> t.layout().isDense() && t.layout().offset() == 0);
        assertOccurs(drawn, t -> t.layout().offset() > 0);
        assertOccurs(drawn, t -> t.layout().stride(0) < 0 || t.layout().stride(1) < 0);
        assertOccurs(drawn, t -> t.layout().stride(0) == 0);
        assertOccurs(drawn, t -> t.layout().stride(1) == 0);
        assertOccurs(drawn, t -> t.layout().stride(1) == 2 || t.layout().stride(1) == 3);
        assertOccurs(drawn, t -> t.layout().stride(0) == 1 && t.layout().stride(1) == 3);
    }

    private static void assertOccurs(List<Tensor> drawn, Predicate<Tensor> kind) {
        assertTrue(drawn.stream().anyMatch(kind));
    }

    private static <T> List<T> samples(Arbitrary<T> arbitrary, int n) {
        RandomGenerator<T> generator = arbitrary.generator(n);
        Random random = new Random(1);
        return Stream.generate(() -> generator.next(random).value()).limit(n).toList();
    }

    @Example
    void shrinksToTheSmallestTensor() {
        Arbitrary<Tensor> any = TensorArbitraries.views(DType.F32, shapes(), -2, 2);
        Throwable failure = assertThrows(AssertionError.class, () -> Conformance.run("large value", any, 3, 300,
                t -> assertFalse(Arrays.stream(t.toDoubleArray()).anyMatch(v -> v >= 1))));
        assertTrue(failure.getMessage().contains("\nF32[] 1.\n"), failure::getMessage);
    }

    @Example
    void shrinkingNeverGrows() {
        RandomGenerator<Tensor> generator = TensorArbitraries.views(DType.F32, Shape.of(2, 3), -2, 2).generator(100);
        Random random = new Random(5);
        for (int i = 0; i < 20; i++) {
            Shrinkable<Tensor> drawn = generator.next(random);
            drawn.shrink().forEach(s -> assertTrue(s.distance().compareTo(drawn.distance()) < 0));
            assertEquals(Shape.of(2, 3), drawn.value().shape());
        }
    }

    @Property(tries = 100)
    void combinesWithArbitrariesOfJqwik(@ForAll("scaled") Tensor t) {
        assertTrue(Arrays.stream(t.toDoubleArray()).allMatch(v -> v >= 0 && v <= 30));
    }

    @Provide
    Arbitrary<Tensor> scaled() {
        return Arbitraries.integers().between(1, 10).flatMap(n ->
                TensorArbitraries.tensors(DType.F32, Shape.of(4), 0, 3).map(t -> Tensor.of(times(t, n), 4)));
    }

    private static float[] times(Tensor t, int n) {
        float[] v = t.toFloatArray();
        for (int i = 0; i < v.length; i++) {
            v[i] *= n;
        }
        return v;
    }
}
