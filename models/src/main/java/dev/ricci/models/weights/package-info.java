/** Readers of published weight files. */
package dev.ricci.models.weights;
