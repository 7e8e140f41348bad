/** Decoder-only transformers of the GPT-2 and Llama families, by configuration. */
package dev.ricci.models.decoder;
