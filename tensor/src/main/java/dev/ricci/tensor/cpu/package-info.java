/** The CPU backend: plain Java kernels, and the choice of Vector API kernels. */
package dev.ricci.tensor.cpu;
