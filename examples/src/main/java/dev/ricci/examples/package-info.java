/** Runnable programs and the {@code ricci} command line. */
package dev.ricci.examples;
