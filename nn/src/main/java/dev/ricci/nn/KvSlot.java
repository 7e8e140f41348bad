package dev.ricci.nn;

/** Where the attention of one layer keeps keys and values: of one cache, or of several side by side. */
public sealed interface KvSlot permits KvCache.Slot, KvBatch.Slot {
}
