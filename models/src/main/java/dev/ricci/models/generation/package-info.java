/** Generation as strategies: how the next tokens are chosen, and what text comes out. */
package dev.ricci.models.generation;
