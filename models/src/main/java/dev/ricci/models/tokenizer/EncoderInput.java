package dev.ricci.models.tokenizer;

/**
 * What an encoder reads of one text or of two: ids between special tokens.
 *
 * @param ids [T]
 * @param types [T], the segment that each id belongs to: as a rule 0, and 1 for the second text
 */
public record EncoderInput(int[] ids, int[] types) {
}
