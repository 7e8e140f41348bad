package dev.ricci.models.instruction;

import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatMessage;
import dev.ricci.models.chat.ChatPrompt;
import dev.ricci.models.instruction.InstructionExample.Part;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads examples from JSONL, one JSON object a line. Its keys say which of the usual shapes it has; others are ignored:
 *
 * <ul>
 * <li>{@code messages}: a list of {@code {"role", "content"}}. Written by the chat template; what the assistant says is
 * learned, up to where its turn ends.
 * <li>{@code instruction}, {@code output} and perhaps {@code input} (the keys of Alpaca): the output is learned. With a
 * chat template as a message of the user and one of the assistant, without as text under headings.
 * <li>{@code prompt} and {@code completion}: just so; the completion is learned.
 * <li>{@code text}: all of it is learned.
 * </ul>
 */
public final class InstructionReader {
    /** What says which shape an example has. */
    private static final List<String> SHAPES = List.of("messages", "instruction", "prompt", "text");

    private final ChatEncoder chat;

    private InstructionReader(ChatEncoder chat) {
        this.chat = chat;
    }

    /** For a model without a chat template: {@code messages} are refused. */
    public static InstructionReader plain() {
        return new InstructionReader(null);
    }

    /** For a model with a chat template. */
    public static InstructionReader chat(ChatEncoder chat) {
        return new InstructionReader(chat);
    }

    /**
     * All examples of a file; empty lines are skipped.
     *
     * @throws FormatException naming the line, if it is not UTF-8, no strict JSON object, of none of the shapes, or has
     *     nothing to learn; or if there is no line at all
     * @throws IOException if it cannot be read
     */
    public List<InstructionExample> read(Path file) throws IOException {
        List<InstructionExample> examples = new ArrayList<>();
        int number = 0;
        try (BufferedReader in = Files.newBufferedReader(file)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                if (!line.isBlank()) {
                    examples.add(example(line, file + ", line " + number));
                }
            }
        } catch (CharacterCodingException e) {
            throw new FormatException(file + ": is not UTF-8 somewhere after line " + number + "; convert it first", e);
        }
        if (examples.isEmpty()) {
            throw new FormatException(file + ": holds no example");
        }
        return examples;
    }

    /**
     * One example.
     *
     * @param json a JSON object
     * @param source where it is from, for errors
     */
    public InstructionExample example(String json, String source) {
        Map<String, Object> fields = Json.parseObject(json, source);
        List<String> shapes = SHAPES.stream().filter(fields::containsKey).toList();
        if (shapes.size() != 1) {
            throw new FormatException(source + ": must have one of the keys " + SHAPES + ", got " + fields.keySet());
        }
        try {
            return switch (shapes.getFirst()) {
                case "messages" -> conversation(messages(fields.get("messages"), source), source);
                case "instruction" -> alpaca(text(fields, "instruction", source), text(fields, "input", source),
                        text(fields, "output", source), source);
                case "prompt" -> new InstructionExample(List.of(new Part(text(fields, "prompt", source), false),
                        new Part(text(fields, "completion", source), true)), false, source);
                default -> new InstructionExample(List.of(new Part(text(fields, "text", source), true)), false, source);
            };
        } catch (FormatException e) {
            throw e;
        } catch (TensorException e) {
            throw new FormatException(e.getMessage(), e);
        }
    }

    private InstructionExample alpaca(String instruction, String input, String output, String source) {
        if (chat != null) {
            String request = input.isEmpty() ? instruction : instruction + "\n\n" + input;
            return conversation(List.of(new ChatMessage("user", request), new ChatMessage("assistant", output)), source);
        }
        String given = "### Instruction:\n" + instruction + "\n\n" + (input.isEmpty() ? "" : "### Input:\n" + input + "\n\n")
                + "### Response:\n";
        return new InstructionExample(List.of(new Part(given, false), new Part(output, true)), false, source);
    }

    /** What the template adds for each answer is learned, and all before it given. */
    private InstructionExample conversation(List<ChatMessage> messages, String source) {
        if (chat == null) {
            throw new FormatException(source + ": a conversation needs a model with a chat template, which this one has not;"
                    + " use prompt and completion");
        }
        List<Part> parts = new ArrayList<>();
        String before = "";
        try {
            for (int i = 0; i < messages.size(); i++) {
                if (messages.get(i).role().equals("assistant")) {
                    ChatPrompt asked = chat.render(messages.subList(0, i), true);
                    ChatPrompt answered = chat.render(messages.subList(0, i + 1), false);
                    parts.add(rest(before, asked, false));
                    parts.add(rest(asked.text(), answered, true));
                    before = answered.text();
                }
            }
        } catch (TensorException e) {
            throw new FormatException(source + ": " + e.getMessage(), e);
        }
        return new InstructionExample(parts, true, source);
    }

    private static Part rest(String before, ChatPrompt prompt, boolean learned) {
        String text = prompt.text();
        if (!text.startsWith(before)) {
            throw new FormatException("the chat template writes earlier messages in another way once later ones follow;"
                    + " split the conversation, one example for each answer");
        }
        return new Part(text.substring(before.length()), prompt.foreign().get(before.length(), text.length()), learned);
    }

    private static List<ChatMessage> messages(Object value, String source) {
        if (!(value instanceof List<?> list) || list.isEmpty()) {
            throw new FormatException(source + ": 'messages' must be a list of messages, got " + value);
        }
        List<ChatMessage> messages = new ArrayList<>();
        for (Object m : list) {
            if (!(m instanceof Map<?, ?> map && map.get("role") instanceof String role
                    && map.get("content") instanceof String content)) {
                throw new FormatException(source + ": message " + (messages.size() + 1)
                        + " must have a role and a content, both texts, got " + m);
            }
            messages.add(new ChatMessage(role, content));
        }
        return messages;
    }

    /** The text under a key; only an input may be missing. */
    private static String text(Map<String, Object> fields, String key, String source) {
        Object value = fields.get(key);
        if (value == null && key.equals("input")) {
            return "";
        }
        if (!(value instanceof String s)) {
            throw new FormatException(source + ": '" + key + "' must be a text, got " + value);
        }
        return s;
    }
}
