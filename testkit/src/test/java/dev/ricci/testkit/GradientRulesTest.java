package dev.ricci.testkit;

import org.junit.jupiter.api.Test;

/** Autograd's rules against finite differences, and at the points where there are none. */
final class GradientRulesTest extends GradientConformance {
    @Test
    void conventions() {
        GradientConventions.check();
    }
}
