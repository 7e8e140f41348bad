/** The GPU backend: a provider that says what it found. */
package dev.ricci.gpu;
