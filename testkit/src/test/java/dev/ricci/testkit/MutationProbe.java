package dev.ricci.testkit;

import dev.ricci.tensor.Tensor;
import java.util.BitSet;

/** What mutated and instrumented code calls. */
public final class MutationProbe {
    private static BitSet hits = new BitSet();

    private MutationProbe() {
    }

    /** The gradient with the wrong sign; what is no tensor stays. */
    public static Object negated(Object o) {
        return o instanceof Tensor t ? t.neg() : o;
    }

    /** The gradient with the wrong scale; what is no tensor stays. */
    public static Object doubled(Object o) {
        return o instanceof Tensor t ? t.add(t) : o;
    }

    /** Notes that an instrumented method was entered. */
    public static synchronized void hit(int method) {
        hits.set(method);
    }

    /** The methods entered since the last call. */
    static synchronized BitSet takeHits() {
        BitSet taken = hits;
        hits = new BitSet();
        return taken;
    }
}
