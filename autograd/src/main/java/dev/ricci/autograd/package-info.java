/** Gradients: the vector-Jacobian rule of every op, and the walk that applies them. */
package dev.ricci.autograd;
