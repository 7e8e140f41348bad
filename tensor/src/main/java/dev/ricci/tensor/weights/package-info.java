/** Types in which files keep weights, from plain floats to quantised blocks, and their conversion. */
package dev.ricci.tensor.weights;
