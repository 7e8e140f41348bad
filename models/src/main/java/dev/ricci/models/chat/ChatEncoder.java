package dev.ricci.models.chat;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model holds a conversation.
 *
 * @param tokenizer its vocabulary
 * @param template how it writes one
 */
public record ChatEncoder(Tokenizer tokenizer, ChatTemplate template) {
    /**
     * That of a model, if it was made for conversations.
     *
     * @throws dev.ricci.tensor.FormatException if its template is malformed, or has something that is not supported
     */
    public static Optional<ChatEncoder> of(LanguageModel model) {
        return model.chatTemplate().map(source -> new ChatEncoder(model.tokenizer(), ChatTemplate.parse(source)));
    }

    /**
     * The ids of a conversation, ending where the model's turn begins.
     *
     * @param variables what the template sees beside the messages, such as {@code enable_thinking}
     * @throws dev.ricci.tensor.TensorException if the template refuses the messages, or the vocabulary cannot express them
     */
    public int[] prompt(List<ChatMessage> messages, Map<String, Object> variables) {
        return render(messages, true, variables).encode(tokenizer);
    }

    /**
     * The text of a conversation.
     *
     * @param answerFollows whether it ends where the model's turn begins, else behind the last message
     * @throws dev.ricci.tensor.TensorException if the template refuses the messages
     */
    public ChatPrompt render(List<ChatMessage> messages, boolean answerFollows) {
        return render(messages, answerFollows, Map.of());
    }

    private ChatPrompt render(List<ChatMessage> messages, boolean answerFollows, Map<String, Object> variables) {
        return template.render(messages, new ChatTemplate.Options(answerFollows, written(tokenizer.bos()),
                written(tokenizer.eos()), variables));
    }

    /** As {@link #prompt(List, Map)}, without variables. */
    public int[] prompt(List<ChatMessage> messages) {
        return prompt(messages, Map.of());
    }

    private String written(OptionalInt id) {
        return id.isPresent() && tokenizer instanceof PipelineTokenizer p ? p.token(id.getAsInt()) : "";
    }
}
