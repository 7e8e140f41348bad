/** What published models say of themselves, as the configuration of a decoder and the names of its tensors. */
package dev.ricci.models.architecture;
