/** GGUF files: metadata and tensors read and written, quantised blocks turned into floats and back. */
package dev.ricci.models.weights.gguf;
