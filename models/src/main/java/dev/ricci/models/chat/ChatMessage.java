package dev.ricci.models.chat;

import java.util.Objects;

/**
 * One turn of a conversation.
 *
 * @param role who speaks: {@code system}, {@code user}, {@code assistant} or what else a template knows
 * @param content what is said
 */
public record ChatMessage(String role, String content) {
    /** Refuses null. */
    public ChatMessage {
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(content, "content");
    }

    /** What the user says. */
    public static ChatMessage user(String content) {
        return new ChatMessage("user", content);
    }

    /** What the model said. */
    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content);
    }

    /** What the model is told about its part. */
    public static ChatMessage system(String content) {
        return new ChatMessage("system", content);
    }
}
