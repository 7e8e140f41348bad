package dev.ricci.bench;

import java.util.Map;
import java.util.function.Supplier;

/**
 * Another library that does the same work. Found by {@link java.util.ServiceLoader}: the module bench-peers, which only
 * the Maven profile {@code peers} builds, has all there are, so that this one needs none of them.
 */
public interface Peer {
    /**
     * The ways in which it can do the work: none, one or several.
     *
     * @param workload what is to be done
     * @param threads how many it may use
     * @return name to what makes it, which allocates what it needs; empty if it cannot do this
     */
    Map<String, Supplier<Contestant>> contestants(Workload workload, int threads);
}
