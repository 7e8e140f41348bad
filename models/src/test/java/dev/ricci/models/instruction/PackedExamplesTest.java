package dev.ricci.models.instruction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.instruction.InstructionEncoder.TooLong;
import dev.ricci.models.instruction.InstructionExample.Part;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.models.tokenizer.Llama2cTokenizer;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.nn.Parameter;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.train.Evaluator;
import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.IndexOutOfRangeException;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import dev.ricci.testkit.TestData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PackedExamplesTest {
    private static final int NO = Functional.IGNORE_INDEX;
    private static final Tokenizer CHARS = CharTokenizer.of("abcdefgh ");

    /** Letters with an id that starts and one that ends a text. */
    private static final Tokenizer FRAMED = new Tokenizer() {
        @Override
        public int[] encode(String text) {
            return text.chars().map(c -> c - 'a' + 2).toArray();
        }

        @Override
        public byte[] piece(int id) {
            return new byte[] {(byte) (id - 2 + 'a')};
        }

        @Override
        public int vocabSize() {
            return 28;
        }

        @Override
        public OptionalInt bos() {
            return OptionalInt.of(0);
        }

        @Override
        public OptionalInt eos() {
            return OptionalInt.of(1);
        }
    };

    private static InstructionExample example(String prompt, String completion) {
        return new InstructionExample(List.of(new Part(prompt, false), new Part(completion, true)), false, "example");
    }

    private static EncodedExample encode(InstructionExample example) {
        return new InstructionEncoder(FRAMED, 16, TooLong.CUT).encode(List.of(example)).examples().getFirst();
    }

    @Test
    void onlyAnswersAndTheEndAreLearned() {
        EncodedExample e = encode(example("ab", "cd"));
        assertArrayEquals(new int[] {0, 2, 3, 4, 5}, e.inputs());
        assertArrayEquals(new int[] {NO, NO, 4, 5, 1}, e.targets());
        EncodedExample chat = encode(new InstructionExample(List.of(new Part("a", false), new Part("b", true),
                new Part("c", false), new Part("d", true)), true, "example"));
        assertArrayEquals(new int[] {2, 3, 4}, chat.inputs());
        assertArrayEquals(new int[] {3, NO, 5}, chat.targets());
        EncodedExample text = encode(new InstructionExample(List.of(new Part("ab", true)), false, "example"));
        assertArrayEquals(new int[] {2, 3, 1}, text.targets());
    }

    @Test
    void longExamplesAreCutOrLeftOut() {
        List<InstructionExample> examples = List.of(example("ab", "cdefgh"), example("abcdefg", "h"), example("a", "b"));
        InstructionEncoder.Encoded cut = new InstructionEncoder(FRAMED, 4, TooLong.CUT).encode(examples);
        assertEquals(2, cut.examples().size());
        assertEquals(1, cut.cut());
        assertEquals(1, cut.leftOut(), "nothing learned was left of it");
        assertArrayEquals(new int[] {NO, NO, 4, 5}, cut.examples().getFirst().targets());
        InstructionEncoder.Encoded left = new InstructionEncoder(FRAMED, 4, TooLong.LEAVE_OUT).encode(examples);
        assertEquals(1, left.examples().size());
        assertEquals(0, left.cut());
        assertEquals(2, left.leftOut());
        assertThrows(FormatException.class, () -> new InstructionEncoder(FRAMED, 1, TooLong.LEAVE_OUT).encode(examples));
    }

    @Test
    void whatTheVocabularyLacksNamesTheExample() {
        InstructionEncoder encoder = new InstructionEncoder(CHARS, 16, TooLong.CUT);
        String message = assertThrows(FormatException.class, () -> encoder.encode(List.of(example("a", "#")))).getMessage();
        assertTrue(message.startsWith("example: "), message);
    }

    /** This tokenizer puts a space before each text: in the midst of one there is none. */
    @Test
    void anAnswerIsEncodedAsTheRestOfItsText() throws IOException {
        Tokenizer stories = Llama2cTokenizer.load(TestData.require("stories260K/tok512.bin"));
        EncodedExample e = new InstructionEncoder(stories, 64, TooLong.CUT)
                .encode(List.of(example("Once upon a time,", " there was a dog."))).examples().getFirst();
        int[] all = stories.encodePrompt("Once upon a time, there was a dog.");
        assertArrayEquals(all, e.inputs());
        assertEquals(2, e.targets()[e.targets().length - 1], "the end of the sequence");
        int prompt = stories.encodePrompt("Once upon a time,").length;
        assertEquals(prompt - 1, IntStream.of(e.targets()).takeWhile(t -> t == NO).count());
    }

    private static List<EncodedExample> examples(int... lengths) {
        Rng rng = Rng.of(4);
        return Arrays.stream(lengths).mapToObj(n -> {
            int[] inputs = rng.split(n).ints(11, n).toIntArray();
            int[] targets = rng.split(100 + n).ints(11, n).toIntArray();
            Arrays.fill(targets, 0, n / 2, NO);
            return new EncodedExample(inputs, targets);
        }).toList();
    }

    @Test
    void rowsAreFilledWell() {
        PackedExamples packed = PackedExamples.of(examples(3, 9, 5, 7, 12, 4), 12);
        assertEquals(4, packed.size(), "12; 9 and 3; 7 and 5; 4");
        Batch batch = packed.batch(0, 1, 2, 3);
        assertArrayEquals(new int[] {4, 2, 12}, batch.inputs().shape().toArray());
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2}, positions(batch, 1));
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4}, positions(batch, 2));
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, positions(batch, 3));
        assertArrayEquals(new int[] {NO, NO, NO, NO, NO, NO, NO, NO}, Arrays.copyOfRange(batch.targets().toIntArray(), 40, 48));
        assertEquals(40 - (1 + 4 + 2 + 3 + 6 + 2), batch.targetCount());
        assertThrows(IndexOutOfRangeException.class, () -> packed.batch(4));
        assertThrows(TensorException.class, () -> PackedExamples.of(examples(13), 12));
        assertThrows(TensorException.class, () -> PackedExamples.of(List.of(), 12));
    }

    private static int[] positions(Batch batch, int row) {
        return batch.inputs().select(0, row).select(0, 1).toIntArray();
    }

    /** Learned positions and rotary ones, with a sliding window too. */
    @Test
    void aPackedRowHasTheLossOfItsExamplesAlone() {
        DecoderConfig gpt2 = DecoderConfig.gpt2(11, 16, 2, 2, 8);
        for (DecoderConfig config : List.of(DecoderConfig.llama(11, 16, 2, 4, 2, 16, 24), gpt2,
                gpt2.with(gpt2.attention().withWindow(DecoderConfig.Window.of(3))))) {
            Decoder model = new Decoder(config, Rng.of(1));
            List<EncodedExample> examples = examples(3, 9, 5, 7, 12, 4);
            Tensor sum = null;
            int count = 0;
            for (EncodedExample e : examples) {
                Batch alone = new Batch(Tensor.ofInts(e.inputs(), 1, e.inputs().length),
                        Tensor.ofInts(e.targets(), 1, e.targets().length));
                Tensor loss = model.loss(alone.inputs(), alone.targets()).mul(alone.targetCount());
                sum = sum == null ? loss : sum.add(loss);
                count += alone.targetCount();
            }
            Tensor expected = sum.div(count);
            PackedExamples packed = PackedExamples.of(examples, 12);
            Tensor found = PackedExamples.loss(model, packed.batch(0, 1, 2, 3));
            assertEquals(expected.item(), found.item(), 1e-6);
            Gradients e = Gradients.of(expected);
            Gradients f = Gradients.of(found);
            model.parameters().forEach((path, p) -> assertArrayEquals(e.get(p.variable()).toFloatArray(),
                    f.get(p.variable()).toFloatArray(), 1e-5f, path));
            Batch batch = packed.batch(0, 1, 2, 3);
            try (Program program = Program.capture("packed", in -> {
                Tensor loss = PackedExamples.capturableLoss(model, new Batch(in.get(0), in.get(1)));
                Gradients g = Gradients.of(loss);
                List<Tensor> results = new ArrayList<>(List.of(loss));
                model.parameters().values().forEach(p -> results.add(g.get(p.variable())));
                return results;
            }, List.of(packed.batch(3, 2, 1, 0).inputs(), batch.targets()))) {
                List<Tensor> captured = program.run(batch.inputs(), batch.targets());
                assertEquals(expected.item(), captured.getFirst().item(), 1e-6);
                int at = 1;
                for (Parameter p : model.parameters().values()) {
                    assertArrayEquals(e.get(p.variable()).toFloatArray(), captured.get(at++).toFloatArray(), 1e-5f, p.path());
                }
            }
            // In batches of unequal numbers of learned ids, too.
            assertEquals(expected.item(), Evaluator.meanLoss(b -> PackedExamples.loss(model, b), packed, 1).evaluate(), 1e-6);
        }
    }
}
