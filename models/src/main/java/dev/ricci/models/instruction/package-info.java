/** Examples of what a model shall answer: read from JSONL, tokenized, packed into rows. */
package dev.ricci.models.instruction;
