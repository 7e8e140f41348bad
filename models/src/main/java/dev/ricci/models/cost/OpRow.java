package dev.ricci.models.cost;

import dev.ricci.tensor.profile.OpCost;

/**
 * One op of a pass.
 *
 * @param name of the op
 * @param kind which of a machine's peaks bounds it
 * @param times how often the pass runs it, with the same shapes
 * @param once what one run costs
 */
public record OpRow(String name, Kind kind, long times, OpCost once) {
    /** What an op is, for the sums of a table and for the peak that bounds it. */
    public enum Kind {
        /** Products with weights. */
        LINEAR,
        /** Products of queries with keys, and of what they give with values. */
        ATTENTION,
        /** All else, 1 FLOP an element. */
        ELEMENTWISE
    }

    /** The sum over all runs. */
    public Cost on(Machine machine) {
        return new Cost(once.flops(), once.bytes(), machine.seconds(kind, once)).times(times);
    }
}
