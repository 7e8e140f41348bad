package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.generation.AutoregressiveGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.TextGenerator;
import dev.ricci.nn.Losses;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.Map;
import java.util.Random;

/**
 * A transformer, the model behind GPT and Llama, learns to sort: from "315242>" it goes on with "122345". No rule is
 * programmed; attention must find out to look at the whole question for each digit of the answer.
 */
public final class Tutorial06Transformer {
    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        Random random = new Random(lesson.seed());
        // Everything about the model is in its configuration: vocabulary, longest text, layers, heads, width.
        int vocabulary = SortingTask.TOKENIZER.vocabSize();
        DecoderConfig config = DecoderConfig.gpt2(vocabulary, 2 * SortingTask.LENGTH, 2, 4, lesson.size(64, 32));
        Decoder model = new Decoder(config, Rng.of(lesson.seed()));
        lesson.say("%s%n%d parameters", config, model.parameterCount());

        int steps = lesson.size(600, 200);
        lesson.heading("Training: 64 questions in each step, never the same again");
        // A transformer starts gently: the learning rate rises for 20 steps, and then falls along a cosine.
        Schedule schedule = Schedule.cosine(3e-3, 1e-4, steps).warmUp(20);
        AdamW optimizer = AdamW.of(model.parameters(), schedule, AdamW.Options.DEFAULT);
        for (int step = 1; step <= steps; step++) {
            Batch batch = SortingTask.batch(64, random);
            // The model guesses the next token at every position at once; a causal mask keeps it from looking ahead.
            Tensor logits = model.logits(batch.inputs());
            Tensor loss = Losses.crossEntropy(logits, batch.targets());
            // Clipped gradients: one bad batch must not throw the model off.
            optimizer.step(Gradients.of(loss).clipByGlobalNorm(1));
            if (step == 1 || step % (steps / 10) == 0) {
                lesson.say("step %5d   learning rate %.5f   loss %.4f", step, schedule.at(step - 1), loss.item());
            }
        }

        // Generation feeds each new token back in. Keys and values of the earlier ones stay in a cache.
        lesson.heading("New questions");
        TextGenerator generator = new TextGenerator(SortingTask.TOKENIZER, new AutoregressiveGenerator(model));
        GenerationConfig greedy = GenerationConfig.greedy(SortingTask.LENGTH);
        int questions = lesson.size(200, 50);
        int right = 0;
        for (int i = 0; i < questions; i++) {
            String question = SortingTask.question(random);
            String answer = SortingTask.answer(question);
            String found = generator.generate(question, greedy, piece -> { }).continuation();
            right += found.equals(answer) ? 1 : 0;
            if (i < 5) {
                lesson.say("%s%s   %s", question, found, found.equals(answer) ? "right" : "wrong, it is " + answer);
            }
        }
        lesson.say("%d of %d sorted", right, questions);
        return Map.of("accuracy", (double) right / questions);
    }
}
