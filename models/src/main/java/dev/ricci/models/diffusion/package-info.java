/** Masked diffusion language models: what they learn, how likely they find text, and how they write it. */
package dev.ricci.models.diffusion;
