package dev.ricci.models.chat;

import dev.ricci.models.chat.jinja.Template;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Turns a conversation into the text that a model was trained to continue: the template that is published with it, in the
 * Jinja language. Immutable and thread-safe.
 *
 * <p>Read are the statements if, for, set, macro, break, continue and generation, expressions with Python's operators,
 * slices and the usual methods, filters and tests; the rest of the language is refused by name. A template comes from a
 * stranger: it sees the messages and the options and nothing of Java, and is stopped when it computes or writes too much.
 */
public final class ChatTemplate {
    private static final String CHATML = "{% for message in messages %}<|im_start|>{{ message.role }}\n"
            + "{{ message.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private final Template template;
    private final String source;

    private ChatTemplate(String source) {
        this.source = source;
        this.template = Template.parse(source);
    }

    /**
     * What a template sees beside the messages.
     *
     * @param addGenerationPrompt whether the text ends with the start of the model's turn
     * @param bosToken how the beginning of a sequence is written; empty if there is none
     * @param eosToken how the end of a sequence is written; empty if there is none
     * @param variables others, such as {@code enable_thinking}: texts, numbers, truth values, lists and maps
     */
    public record Options(boolean addGenerationPrompt, String bosToken, String eosToken, Map<String, Object> variables) {
        /** Copies the variables. */
        public Options {
            variables = new LinkedHashMap<>(variables);
        }

        /** With the start of the model's turn and without variables. */
        public static Options of(String bosToken, String eosToken) {
            return new Options(true, bosToken, eosToken, Map.of());
        }
    }

    /**
     * Reads a template.
     *
     * @throws FormatException if it is malformed, or has something that is not supported
     */
    public static ChatTemplate parse(String source) {
        return new ChatTemplate(source);
    }

    /** ChatML, which many models without a template of their own know. */
    public static ChatTemplate chatMl() {
        return new ChatTemplate(CHATML);
    }

    /** The template as it is written. */
    public String source() {
        return source;
    }

    /**
     * The prompt of a conversation.
     *
     * @param messages the first one first
     * @throws TensorException if the template refuses the messages (some want user and assistant to alternate), uses what
     *     is not defined, or takes too long
     */
    public ChatPrompt render(List<ChatMessage> messages, Options options) {
        return render(messages, options, ZonedDateTime::now);
    }

    /** As {@link #render(List, Options)}, at another time than now: templates may write the date. */
    ChatPrompt render(List<ChatMessage> messages, Options options, Supplier<ZonedDateTime> clock) {
        Map<String, Object> foreign = new LinkedHashMap<>(options.variables);
        foreign.put("messages", messages.stream().map(m -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("role", m.role());
            fields.put("content", m.content());
            return fields;
        }).toList());
        Map<String, Object> own = Map.of("add_generation_prompt", options.addGenerationPrompt,
                "bos_token", options.bosToken, "eos_token", options.eosToken);
        Template.Rendered text = template.render(own, foreign, clock);
        return new ChatPrompt(text.text(), text.foreign());
    }
}
