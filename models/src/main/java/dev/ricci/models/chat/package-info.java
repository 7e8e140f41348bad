/** Conversations as prompts. */
package dev.ricci.models.chat;
