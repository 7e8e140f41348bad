/** Benchmarks, and the {@code ricci} command that runs them. */
package dev.ricci.bench;
