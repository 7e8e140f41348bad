package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionData;
import dev.ricci.models.diffusion.MaskedDiffusion;
import dev.ricci.models.diffusion.NoiseRange;
import dev.ricci.models.instruction.EncodedExample;
import dev.ricci.models.instruction.InstructionEncoder;
import dev.ricci.models.instruction.InstructionReader;
import dev.ricci.models.instruction.PackedExamples;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.Dataset;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.train.Evaluator;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What a loaded model is trained on: a text, or examples in JSONL.
 *
 * @param loader of the batches
 * @param loss of a batch
 * @param evaluator the loss on what is kept for validation
 * @param summary for people
 */
record FinetuneData(DataLoader loader, Function<Batch, Tensor> loss, Evaluator evaluator, String summary) {
    /** How often answers are hidden in different ways to measure a loss. */
    private static final int MASKS = 8;

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
        Objective objective = Objective.of(model);
        DataLoader loader = DataLoader.of(objective.data(TokenWindows.everywhere(split.training(), s.context)),
            DataLoader.Options.drawn(s.batch, s.seed));
        return new FinetuneData(loader, objective.loss(model, NoiseRange.FULL),
            () -> objective.validate(model, split.validation(), s.context),
            String.format("%,d training and %,d validation tokens", split.training().length, split.validation().length));
    }

    private static FinetuneData examples(Source s, LanguageModel base) throws IOException {
        Optional<DecoderConfig.Diffusion> diffusion = base.decoder().config().diffusion();
        // A model that predicts ids in their own place reads the last one, too.
        InstructionEncoder encoder = new InstructionEncoder(base.tokenizer(), s.context - (diffusion.isPresent() ? 1 : 0),
            s.tooLong);
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
        Rows rows = diffusion.isPresent() ? Rows.masked(base, training, validation)
            : Rows.packed(base.decoder(), training, validation, s);
        String summary = String.format("%,d training and %,d validation examples in %,d and %,d rows", training.size(),
            validation.size(), rows.training.size(), rows.validation.size())
            + (all.cut() == 0 ? "" : String.format("; the end of %,d cut off", all.cut()))
            + (all.leftOut() == 0 ? "" : String.format("; %,d too long and left out", all.leftOut()));
        return new FinetuneData(DataLoader.of(rows.training,
            DataLoader.Options.shuffled(Math.min(s.batch, rows.training.size()), s.seed)), rows.learned,
            Evaluator.meanLoss(rows.measured, rows.validation, s.batch), summary);
    }

    /**
     * Examples as a model learns them.
     *
     * @param learned the loss of a batch of training
     * @param measured of one of validation
     */
    private record Rows(Dataset training, Dataset validation, Function<Batch, Tensor> learned, Function<Batch, Tensor> measured) {
        /** Several in a row. */
        static Rows packed(Decoder model, List<EncodedExample> training, List<EncodedExample> validation, Source s) {
            Function<Batch, Tensor> loss = b -> PackedExamples.loss(model, b);
            return new Rows(PackedExamples.of(training, s.context), PackedExamples.of(validation, s.context),
                s.captured ? b -> PackedExamples.capturableLoss(model, b) : loss, loss);
        }

        /** One in a row, the answers of which are hidden; in the validation in the same ways each time. */
        static Rows masked(LanguageModel base, List<EncodedExample> training, List<EncodedExample> validation) {
            DecoderConfig.Diffusion kind = base.decoder().config().diffusion().orElseThrow();
            OptionalInt end = base.tokenizer().eos();
            MaskedDiffusion objective = new MaskedDiffusion(base.decoder(), NoiseRange.FULL);
            return new Rows(DiffusionData.examples(training, kind, end), DiffusionData.examples(validation, kind, end),
                objective::loss, b -> IntStream.range(0, MASKS).mapToObj(i -> objective.loss(b, Rng.of(i)))
                    .reduce(Tensor::add).orElseThrow().div(MASKS));
        }
    }
}
