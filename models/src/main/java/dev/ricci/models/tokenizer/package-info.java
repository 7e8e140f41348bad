/** Text to ids and back. */
package dev.ricci.models.tokenizer;
