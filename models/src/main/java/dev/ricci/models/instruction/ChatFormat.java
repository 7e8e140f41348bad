package dev.ricci.models.instruction;

import dev.ricci.models.chat.ChatMessage;
import java.util.List;

/** Writes a conversation as the text that a model reads: its chat template. */
@FunctionalInterface
public interface ChatFormat {
    /**
     * The text of a conversation.
     *
     * @param messages from the first one on
     * @param answerFollows whether the text shall end where the assistant's answer begins
     */
    String render(List<ChatMessage> messages, boolean answerFollows);
}
