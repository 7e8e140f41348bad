package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class ShapeTest {
    @Provide
    Arbitrary<Shape> shapes() {
        return Arbitraries.of(0, 1, 1, 1, 2, 3).array(Integer[].class).ofMaxSize(4)
                .map(d -> Shape.of(Arrays.stream(d).mapToInt(i -> i).toArray()));
    }

    /** The broadcast shape, or null. */
    private static Shape broadcast(Shape a, Shape b) {
        try {
            return a == null || b == null ? null : a.broadcast("test", b);
        } catch (ShapeException e) {
            return null;
        }
    }

    @Property
    void broadcastIsACommutativeIdempotentMonoid(@ForAll("shapes") Shape a, @ForAll("shapes") Shape b,
            @ForAll("shapes") Shape c) {
        assertEquals(a, broadcast(a, a));
        assertEquals(a, broadcast(a, Shape.scalar()));
        assertEquals(broadcast(a, b), broadcast(b, a));
        assertEquals(broadcast(broadcast(a, b), c), broadcast(a, broadcast(b, c)));
    }

    @Property
    void bothExpandToTheBroadcastShape(@ForAll("shapes") Shape a, @ForAll("shapes") Shape b) {
        Shape s = broadcast(a, b);
        if (s != null) {
            assertEquals(s, Tensor.full(a, DType.F32, 1).expand(s).shape());
            assertEquals(s, Tensor.full(a, DType.F32, 1).add(Tensor.full(b, DType.F32, 1)).shape());
        }
    }

    @Test
    void broadcastNamesTheAxis() {
        ShapeException e = assertThrows(ShapeException.class,
                () -> Tensor.zeros(4, 3).add(Tensor.zeros(2, 4, 1, 2)));
        assertTrue(e.getMessage().startsWith("add: shapes [4, 3] and [2, 4, 1, 2] do not broadcast: axis -1"),
                e.getMessage());
    }

    @Test
    void editing() {
        Shape s = Shape.of(2, 3, 5);
        assertEquals(30, s.size());
        assertEquals(Shape.of(2, 3, 7), s.with(-1, 7));
        assertEquals(Shape.of(2, 1, 3, 5), s.insert(1, 1));
        assertEquals(Shape.of(2, 3, 5, 4), s.insert(3, 4));
        assertEquals(Shape.of(2, 5), s.remove(1));
        assertEquals(Shape.of(3), s.sub(1, 2));
        assertEquals(Shape.of(2, 3, 5, 9), s.concat(Shape.of(9)));
        assertEquals(1, Shape.scalar().size());
        assertEquals(0, Shape.of(1 << 20, 0, 1 << 20).size());
    }

    @Test
    void refusals() {
        assertThrows(ShapeException.class, () -> Shape.of(2, -1));
        assertThrows(ShapeException.class, () -> Shape.of(1 << 16, 1 << 15));
        assertThrows(ShapeException.class, () -> Shape.of(2).dim(1));
        assertThrows(ShapeException.class, () -> Shape.scalar().dim(-1));
    }
}
