/** Tensors: immutable values with a shape, a dtype and a storage. */
package dev.ricci.tensor;
