package org.example;

import dev.ricci.testkit.OpCase;
import dev.ricci.testkit.OpRow;
import dev.ricci.testkit.Values;
import java.util.List;

/** What the suites of the testkit must know of our op: how to make inputs, and that input 0 has a gradient. */
final class SoftClipRows {
    static final List<OpRow> ROWS = List.of(OpRow.of(SoftClip.class,
        draw -> OpCase.of(new SoftClip(), draw.floats(draw.shape(0, 4), Values.between(-5, 5)))).differentiable(0));

    private SoftClipRows() {
    }
}
