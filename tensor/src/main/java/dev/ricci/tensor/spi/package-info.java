/** What a backend implements. */
package dev.ricci.tensor.spi;
