/** The double-precision oracle backend. */
package dev.ricci.tensor.reference;
