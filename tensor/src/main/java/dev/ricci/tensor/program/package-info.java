/**
 * What a captured program is made of: its ops in order, the memory they read and write, and the plan of that memory.
 * {@link dev.ricci.tensor.Program} captures and runs it.
 */
package dev.ricci.tensor.program;
