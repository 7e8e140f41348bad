package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.generation.Scoring;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.models.instruction.InstructionEncoder;
import dev.ricci.models.instruction.InstructionReader;
import dev.ricci.models.instruction.PackedExamples;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.train.Evaluator;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * What a loaded model is trained on: a text, or examples in JSONL.
 *
 * @param loader of the batches
 * @param loss of a batch
 * @param evaluator the loss on what is kept for validation
 * @param summary for people
 */
record FinetuneData(DataLoader loader, Function<Batch, Tensor> loss, Evaluator evaluator, String summary) {
    /**
     * What to read and how.
     *
     * @param data a text, or examples if its name ends with .jsonl
     * @param validation the same for validation, or null: the last tenth of the data
     * @param context tokens in a window or row
     * @param tooLong what becomes of longer examples
     * @param batch windows or rows in a batch
     * @param seed of their order
     * @param captured whether steps are captured, so that a loss may not read its batch on the host
     */
    record Source(Path data, Path validation, int context, InstructionEncoder.TooLong tooLong, int batch, long seed,
        boolean captured) {
        boolean isExamples() {
            return data.getFileName().toString().endsWith(".jsonl");
        }

        /** Of all that is read. */
        String hash() throws IOException {
            return TextSource.hash(data) + (validation == null ? "" : " " + TextSource.hash(validation));
        }
    }

    static FinetuneData of(Source source, LanguageModel base) throws IOException {
        return source.isExamples() ? examples(source, base) : text(source, base.decoder(), base.tokenizer());
    }

    private static FinetuneData text(Source s, Decoder model, Tokenizer tokenizer) throws IOException {
        int[] ids = tokenizer.encode(TextSource.read(s.data));
        TextSplit split = s.validation == null ? TextSplit.of(ids, s.context)
            : new TextSplit(ids, tokenizer.encode(TextSource.read(s.validation)));
        DataLoader loader = DataLoader.of(TokenWindows.everywhere(split.training(), s.context),
            DataLoader.Options.drawn(s.batch, s.seed));
        return new FinetuneData(loader, b -> model.loss(b.inputs(), b.targets()),
            () -> Scoring.meanLoss(model, split.validation(), s.context),
            String.format("%,d training and %,d validation tokens", split.training().length, split.validation().length));
    }

    private static FinetuneData examples(Source s, LanguageModel base) throws IOException {
        InstructionEncoder encoder = new InstructionEncoder(base.tokenizer(), s.context, s.tooLong);
        InstructionReader reader = ChatEncoder.of(base).map(InstructionReader::chat).orElseGet(InstructionReader::plain);
        InstructionEncoder.Encoded all = encoder.encode(reader.read(s.data));
        List<EncodedExample> training = all.examples();
        List<EncodedExample> validation;
        if (s.validation != null) {
            validation = encoder.encode(reader.read(s.validation)).examples();
        } else if (training.size() > 1) {
            int split = Math.min(training.size() - 1, (int) (training.size() * 0.9));
            validation = training.subList(split, training.size());
            training = training.subList(0, split);
        } else {
            throw new TensorException("finetune: one example is too few to keep some for validation; give --validation FILE");
        }
        PackedExamples rows = PackedExamples.of(training, s.context);
        PackedExamples kept = PackedExamples.of(validation, s.context);
        Function<Batch, Tensor> loss = b -> PackedExamples.loss(base.decoder(), b);
        Function<Batch, Tensor> learned = s.captured ? b -> PackedExamples.capturableLoss(base.decoder(), b) : loss;
        String summary = String.format("%,d training and %,d validation examples in %,d and %,d rows", training.size(),
            validation.size(), rows.size(), kept.size())
            + (all.cut() == 0 ? "" : String.format("; the end of %,d cut off", all.cut()))
            + (all.leftOut() == 0 ? "" : String.format("; %,d too long and left out", all.leftOut()));
        return new FinetuneData(DataLoader.of(rows, DataLoader.Options.shuffled(Math.min(s.batch, rows.size()), s.seed)),
            learned, Evaluator.meanLoss(loss, kept, s.batch), summary);
    }
}
