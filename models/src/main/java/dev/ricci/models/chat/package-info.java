/** Conversations as text that a model was trained on. */
package dev.ricci.models.chat;
