/**
 * Probes that find out what TornadoVM does on the GPU at hand: speed of matrix products and row kernels, cost of a launch on the host, and which of
 * its features compute the right numbers. They share nothing with the engine and are built by {@code bench/gpu/bundle.sh} alone.
 */
package dev.ricci.gpu.probe;
