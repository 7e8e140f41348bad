package dev.ricci.models.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One text or two, framed and cut as Hugging Face's tokenizers do it. */
class EncoderInputTest {
    private static final List<String> TEXTS = List.of("", "Hello", "Hello world", "one two three four five six seven",
            "na\u00efve caf\u00e9", "a b c d e f g h i j k l m n o p");

    private static Map<String, Object> withProcessor(Object processor) {
        Map<String, Object> json = TestVocabularies.miniLm();
        json.put("post_processor", processor);
        return json;
    }

    private static void assertEqual(Map<String, Object> json) throws IOException {
        PipelineTokenizer ours = TokenizerJson.of(json, "test");
        HfOracle.of(json).close(); // skips where there is no library
        for (int most : new int[] {5, 8, 9}) {
            byte[] bytes = Json.write(json).getBytes(StandardCharsets.UTF_8);
            try (HuggingFaceTokenizer hf = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes),
                    Map.of("truncation", "longest_first", "maxLength", "" + most, "padding", "false"))) {
                for (String a : TEXTS) {
                    assertSame(hf.encode(a), ours.encoderInput(a, most), a);
                    for (String b : TEXTS) {
                        assertSame(hf.encode(a, b), ours.encoderInput(a, b, most), a + " | " + b + ", " + most);
                    }
                }
            }
        }
    }

    private static void assertSame(Encoding expected, EncoderInput actual, String what) {
        assertArrayEquals(HfOracle.ints(expected.getIds()), actual.ids(), what);
        assertArrayEquals(HfOracle.ints(expected.getTypeIds()), actual.types(), what);
    }

    @Test
    void templatesEqualHf() throws IOException {
        assertEqual(TestVocabularies.miniLm());
    }

    @Test
    void bertAndRobertaEqualHf() throws IOException {
        assertEqual(withProcessor(Map.of("type", "BertProcessing", "sep", List.of("[SEP]", 102), "cls",
                List.of("[CLS]", 101))));
        assertEqual(withProcessor(Map.of("type", "RobertaProcessing", "sep", List.of("[SEP]", 102), "cls",
                List.of("[CLS]", 101), "trim_offsets", true, "add_prefix_space", false)));
    }

    @Test
    void withoutAProcessorTextsStandSideBySide() throws IOException {
        assertEqual(withProcessor(null));
    }

    @Test
    void whatCannotBeIsRefused() {
        PipelineTokenizer t = TokenizerJson.of(TestVocabularies.miniLm(), "test");
        String message = assertThrows(TensorException.class, () -> t.encoderInput("a", 1)).getMessage();
        assertTrue(message.contains("no room"), message);
        assertEquals(2, t.encoderInput("a", 2).ids().length);
        Map<String, Object> single = new LinkedHashMap<>(Map.of("type", "TemplateProcessing", "single",
                List.of(Map.of("Sequence", Map.of("id", "A", "type_id", 0))), "special_tokens", Map.of()));
        PipelineTokenizer one = TokenizerJson.of(withProcessor(single), "test");
        message = assertThrows(TensorException.class, () -> one.encoderInput("a", "b", 9)).getMessage();
        assertTrue(message.contains("two texts"), message);
        for (String text : List.of("B", "C")) {
            single.put("single", List.of(Map.of("Sequence", Map.of("id", text, "type_id", 0))));
            assertThrows(TensorException.class, () -> TokenizerJson.of(withProcessor(single), "test"));
        }
    }
}
