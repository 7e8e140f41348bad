/**
 * What a decoder costs before it is built: FLOPs, bytes and, on a {@link dev.ricci.models.cost.Machine}, seconds of a pass
 * and of whole generations, token by token or by masked diffusion. Start at {@link dev.ricci.models.cost.CostModel}.
 */
package dev.ricci.models.cost;
