/** Primitives over dense rows of floats, in plain Java: what every F32 kernel of the CPU backend is built from. */
package dev.ricci.tensor.cpu.rows;
