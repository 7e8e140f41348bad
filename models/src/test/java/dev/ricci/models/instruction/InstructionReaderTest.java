package dev.ricci.models.instruction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatMessage;
import dev.ricci.models.chat.ChatTemplate;
import dev.ricci.models.instruction.InstructionExample.Part;
import dev.ricci.models.tokenizer.ByteTokenizer;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Functional;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstructionReaderTest {
    private static final InstructionReader PLAIN = InstructionReader.plain();
    /** Turns in brackets; an answer begins behind "assistant:". */
    private static final InstructionReader CHAT = InstructionReader.chat(template("{% for m in messages %}<{{ m.role }}:"
            + "{{ m.content }}>{% endfor %}{% if add_generation_prompt %}<assistant:{% endif %}"));

    private static ChatEncoder template(String source) {
        return new ChatEncoder(new ByteTokenizer(), ChatTemplate.parse(source));
    }

    @TempDir
    private Path folder;

    private static Part given(String text) {
        return new Part(text, false);
    }

    private static Part learned(String text) {
        return new Part(text, true);
    }

    private static void assertParts(InstructionReader reader, String json, boolean framed, Part... parts) {
        InstructionExample example = reader.example(json, "here");
        assertEquals(List.of(parts), example.parts().stream().map(p -> new Part(p.text(), p.learned())).toList());
        assertEquals(framed, example.framed());
        assertEquals("here", example.source());
    }

    @Test
    void readsPromptAndCompletion() {
        assertParts(PLAIN, "{\"prompt\": \"2 + 2 =\", \"completion\": \" 4\", \"id\": 7}", false, given("2 + 2 ="), learned(" 4"));
        assertParts(PLAIN, "{\"prompt\": \"\", \"completion\": \"4\"}", false, learned("4"));
    }

    @Test
    void readsText() {
        assertParts(CHAT, "{\"text\": \"once\"}", false, learned("once"));
    }

    @Test
    void readsAlpaca() {
        assertParts(PLAIN, "{\"instruction\": \"Add.\", \"input\": \"2, 2\", \"output\": \"4\"}", false,
                given("### Instruction:\nAdd.\n\n### Input:\n2, 2\n\n### Response:\n"), learned("4"));
        assertParts(PLAIN, "{\"instruction\": \"Sing.\", \"input\": \"\", \"output\": \"La\"}", false,
                given("### Instruction:\nSing.\n\n### Response:\n"), learned("La"));
        assertParts(CHAT, "{\"instruction\": \"Add.\", \"input\": \"2, 2\", \"output\": \"4\"}", true,
                given("<user:Add.\n\n2, 2><assistant:"), learned("4>"));
        assertParts(CHAT, "{\"instruction\": \"Sing.\", \"output\": \"La\"}", true, given("<user:Sing.><assistant:"),
                learned("La>"));
    }

    @Test
    void learnsEveryAnswerOfAConversation() {
        assertParts(CHAT, """
                {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "a"},
                 {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"},
                 {"role": "assistant", "content": "d"}, {"role": "user", "content": "unanswered"}]}
                """, true, given("<system:be kind><user:a><assistant:"), learned("b>"), given("<user:c><assistant:"),
                learned("d>"));
    }

    @Test
    void whatAMessageHoldsIsForeign() {
        List<Part> parts = CHAT.example("{\"messages\": [{\"role\": \"user\", \"content\": \"ab\"}, {\"role\": \"assistant\","
                + " \"content\": \"cde\"}]}", "here").parts();
        assertEquals("{1, 2, 3, 4, 6, 7}", parts.get(0).foreign().toString(), parts.get(0).text());
        assertEquals("{0, 1, 2}", parts.get(1).foreign().toString(), parts.get(1).text());
    }

    @Test
    void whatIsGivenHasTheIdsOfThePrompt() {
        ChatEncoder chat = template("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
                + "{% if add_generation_prompt %}[assistant]{% endif %}");
        InstructionExample example = InstructionReader.chat(chat).example("{\"instruction\": \"ab\", \"output\": \"cd\"}", "here");
        EncodedExample ids = new InstructionEncoder(chat.tokenizer(), 100, InstructionEncoder.TooLong.CUT)
                .encode(List.of(example)).examples().getFirst();
        int[] prompt = chat.prompt(List.of(ChatMessage.user("ab")));
        assertArrayEquals(prompt, Arrays.copyOf(ids.inputs(), prompt.length));
        int[] learned = Arrays.stream(ids.targets()).dropWhile(t -> t == Functional.IGNORE_INDEX).toArray();
        assertArrayEquals(new int[] {'c', 'd'}, learned);
        assertEquals(prompt.length + 1, ids.inputs().length);
    }

    @Test
    void aTemplateThatRewritesWhatWasSaidIsRefused() {
        InstructionReader last = InstructionReader.chat(template("{{ messages | length }} messages"));
        assertRefused(last, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\","
                + " \"content\": \"b\"}]}", "in another way");
    }

    @Test
    void readsAFileLineByLine() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"one\"}\n\n{\"text\": \"t\u00fc\"}\r\n");
        List<InstructionExample> examples = PLAIN.read(file);
        assertEquals(List.of(learned("one")), examples.get(0).parts());
        assertEquals(List.of(learned("t\u00fc")), examples.get(1).parts());
        assertEquals(2, examples.size());
        assertTrue(examples.get(1).source().endsWith("a.jsonl, line 3"), examples.get(1).source());
    }

    @Test
    void errorsNameTheLine() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\",}\n");
        String message = assertThrows(FormatException.class, () -> PLAIN.read(file)).getMessage();
        assertTrue(message.contains("a.jsonl, line 2"), message);
        Files.writeString(file, "\n");
        assertThrows(FormatException.class, () -> PLAIN.read(file));
        Files.write(file, new byte[] {'\n', (byte) 0xC3, 0x28});
        assertTrue(assertThrows(FormatException.class, () -> PLAIN.read(file)).getMessage().contains("not UTF-8"));
    }

    @Test
    void whatIsNoExampleIsRefused() {
        assertRefused(PLAIN, "[1]", "object");
        assertRefused(PLAIN, "{\"question\": \"a\", \"answer\": \"b\"}", "must have one of the keys", "question");
        assertRefused(PLAIN, "{\"text\": \"a\", \"prompt\": \"b\", \"completion\": \"c\"}", "must have one of the keys");
        assertRefused(PLAIN, "{\"prompt\": \"a\"}", "'completion' must be a text, got null");
        assertRefused(PLAIN, "{\"prompt\": [1], \"completion\": \"a\"}", "'prompt' must be a text");
        assertRefused(PLAIN, "{\"prompt\": \"a\", \"completion\": \"\"}", "nothing to learn");
        assertRefused(PLAIN, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "needs a model with a chat template");
        assertRefused(CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}", "nothing to learn");
        assertRefused(CHAT, "{\"messages\": []}", "must be a list of messages");
        assertRefused(CHAT, "{\"messages\": [{\"role\": \"user\", \"content\": [\"a\"]}]}", "message 1", "both texts");
    }

    private static void assertRefused(InstructionReader reader, String json, String... parts) {
        String message = assertThrows(FormatException.class, () -> reader.example(json, "data, line 9")).getMessage();
        assertTrue(message.startsWith("data, line 9"), message);
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
