package dev.ricci.gpu;

import java.util.List;

/** What runs kernels; the TornadoVM half implements it, and this module finds it by its name. */
interface DeviceHalf {
    /** Why it cannot run here, in one line, or null. */
    String unavailable();

    /** The device in words. */
    String device();

    /** Runs kernels in order over the arrays of an arena, which it reads before and writes after. */
    void run(List<Launch> launches, Arena arena);

    /** Most bytes that a program may take there. */
    long memory();

    /** Most bytes of one array there. */
    long largestArray();

    /** Makes a plan, its arrays zero. */
    DevicePlan plan(DevicePlan.Description description);
}
