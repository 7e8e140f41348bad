/** The same primitives on the Vector API. The only package that imports {@code jdk.incubator.vector}. */
package dev.ricci.tensor.cpu.vector;
