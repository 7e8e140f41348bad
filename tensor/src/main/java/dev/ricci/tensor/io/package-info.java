/** Files: safetensors, NumPy's npy, JSON, and writing that leaves nothing half-written. */
package dev.ricci.tensor.io;
