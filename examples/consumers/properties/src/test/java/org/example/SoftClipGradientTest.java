package org.example;

import dev.ricci.testkit.GradientConformance;
import dev.ricci.testkit.OpRow;
import java.util.List;

/** Our gradient against finite differences. */
class SoftClipGradientTest extends GradientConformance {
    @Override
    protected List<OpRow> rows() {
        return SoftClipRows.ROWS;
    }
}
