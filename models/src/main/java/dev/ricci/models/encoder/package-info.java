/** Encoders of BERT's family, and embeddings of texts made with them. */
package dev.ricci.models.encoder;
