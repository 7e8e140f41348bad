/** Eight short programs to learn the library from, in order; {@code ricci tutorial 01} runs the first one. */
package dev.ricci.examples.tutorial;
