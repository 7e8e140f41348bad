/** Data sets, readers of their files, and the loader that makes batches of them. */
package dev.ricci.nn.data;
