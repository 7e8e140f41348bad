package dev.ricci.nn;

/**
 * Where the attention of one layer keeps keys and values: of one cache, of several side by side, or at a position that is
 * a tensor.
 */
public sealed interface KvSlot permits KvCache.Slot, KvBatch.Slot, KvStep.Slot {
}
