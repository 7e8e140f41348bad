/** Counts what ops cost: FLOPs, bytes and time. */
package dev.ricci.tensor.profile;
