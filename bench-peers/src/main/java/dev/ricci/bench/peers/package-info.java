/**
 * Other libraries doing the work of {@link dev.ricci.bench.Workload}. Compiled only by the Maven profile {@code peers}.
 * What libtorch runs is written in TorchScript, so that every torch operation can be called, and not only those that
 * DJL wraps.
 */
package dev.ricci.bench.peers;
