package dev.ricci.bench;

/**
 * How long to measure.
 *
 * @param warmUpMillis at least so long does Ricci warm up, whose kernels are compiled meanwhile, and peers a part of it
 * @param warmUpCalls at least so often does each contestant warm up
 * @param rounds at least so many are measured; in each, every contestant is called in turn
 * @param millis and at least so long, for each contestant
 */
record Plan(int warmUpMillis, int warmUpCalls, int rounds, int millis) {
    /** One call each: does it run, not how fast. */
    static final Plan QUICK = new Plan(0, 0, 1, 0);
    /** For calls of micro- to milliseconds. */
    static final Plan SHORT = new Plan(1000, 3, 7, 200);
    /** For calls of which only what surrounds the computing counts: all of it must be compiled. */
    static final Plan OVERHEAD = new Plan(4000, 3, 15, 400);
    /** For calls of a tenth of a second and more. */
    static final Plan LONG = new Plan(500, 1, 5, 0);
    /** For calls of seconds. */
    static final Plan SECONDS = new Plan(500, 1, 3, 0);
    /** For training steps: their many kernels take a while to be compiled. */
    static final Plan STEPS = new Plan(3000, 8, 15, 1000);
    /** For training steps of seconds. */
    static final Plan LONG_STEPS = new Plan(0, 1, 4, 0);
}
