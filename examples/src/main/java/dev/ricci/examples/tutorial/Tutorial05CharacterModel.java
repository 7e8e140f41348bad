package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.tokenizer.CharTokenizer;
import dev.ricci.nn.Embedding;
import dev.ricci.nn.Flatten;
import dev.ricci.nn.Linear;
import dev.ricci.nn.Losses;
import dev.ricci.nn.Sequential;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.data.DataLoader;
import dev.ricci.nn.data.TokenWindows;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A model of characters (after Bengio et al. 2003): it guesses the next one from the last eight, and writes names. */
public final class Tutorial05CharacterModel {
    private static final int CONTEXT = 8;

    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        String text = MadeUpNames.text(lesson.size(30_000, 5000), lesson.seed());
        lesson.say("The text: made-up names, one a line: %s ...", text.substring(0, 60).replace("\n", " "));
        CharTokenizer tokenizer = CharTokenizer.of(text); // one number for each character that occurs
        int[] tokens = tokenizer.encode(text);
        // An embedding looks up a row of learned numbers for each character; flattened they are one input of 8 x 16.
        Rng rng = Rng.of(lesson.seed());
        int kinds = tokenizer.vocabSize();
        Sequential model = new Sequential(new Embedding(kinds, 16, rng.split(0)), new Flatten(),
            new Linear(CONTEXT * 16, 128, rng.split(1)), Tensor::tanh, new Linear(128, kinds, rng.split(2)));
        int steps = lesson.size(3000, 500);
        lesson.heading("Training");
        AdamW optimizer = AdamW.of(model.parameters(), Schedule.cosine(5e-3, 1e-4, steps), AdamW.Options.DEFAULT);
        try (DataLoader loader = DataLoader.of(TokenWindows.everywhere(tokens, CONTEXT),
            DataLoader.Options.drawn(128, lesson.seed()))) {
            for (int step = 1; step <= steps; step++) {
                Tensor loss = loss(model, loader.next());
                optimizer.step(Gradients.of(loss));
                lesson.every(steps / 5, step, loss);
            }
        }
        // The names are partly random: on new ones, no model can have a loss below the entropy of that.
        int[] unseen = tokenizer.encode(MadeUpNames.text(2000, lesson.seed() + 1));
        TokenWindows test = TokenWindows.everywhere(unseen, CONTEXT);
        double loss = loss(model, test.batch(IntStream.range(0, test.size()).toArray())).item();
        lesson.say("on new names %.4f; the least that is possible is %.4f", loss, MadeUpNames.leastLoss());

        // Many lines at once, each from the end of the text: draw a character, append it, drop the oldest.
        int lines = 200;
        Tensor context = Tensor.ofInts(tokens).slice(0, tokens.length - CONTEXT, tokens.length).expand(lines, CONTEXT);
        Tensor written = context;
        for (int i = 0; i < CONTEXT; i++) {
            Tensor next = rng.split("sample").split(i).categorical(model.forward(context)).unsqueeze(1);
            written = Tensor.cat(1, written, next);
            context = Tensor.cat(1, context.slice(1, 1, CONTEXT), next);
        }
        String all = tokenizer.decode(written.slice(1, CONTEXT, 2 * CONTEXT).toIntArray());
        List<String> names = IntStream.range(0, lines)
            .mapToObj(i -> all.substring(i * CONTEXT, (i + 1) * CONTEXT).split("\n", -1)[0]).toList();
        double right = names.stream().filter(MadeUpNames::wellFormed).count() / (double) lines;
        lesson.say("%nNames of its own: %s", String.join(" ", names.subList(0, 12)));
        lesson.say("%.1f %% of %d obey the grammar that the names were made by", 100 * right, lines);
        return Map.of("loss", loss, "least_loss", MadeUpNames.leastLoss(), "well_formed", right);
    }

    /** The targets are the windows moved on by one; this model is asked for the last character only. */
    private static Tensor loss(Sequential model, Batch batch) {
        return Losses.crossEntropy(model.forward(batch.inputs()), batch.targets().select(1, CONTEXT - 1));
    }
}
