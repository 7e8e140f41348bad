package dev.ricci.examples.tutorial;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Losses;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.profile.OpProfile;
import java.util.List;
import java.util.Map;

/**
 * Profiling: where the time of a training step goes. All work passes through one place as ops, so one listener sees
 * every op of the forward pass, of the backward pass and of the optimizer, with its operations and bytes.
 */
public final class Tutorial08Profiling {
    /** Runs it in full. */
    public static void main(String[] args) {
        run(Lesson.standard());
    }

    static Map<String, ?> run(Lesson lesson) {
        int batch = 8;
        int context = lesson.size(128, 32);
        int width = lesson.size(128, 32);
        Rng rng = Rng.of(lesson.seed());
        Decoder model = new Decoder(DecoderConfig.gpt2(256, context, 4, 4, width), rng);
        AdamW optimizer = AdamW.of(model.parameters(), 1e-3);
        Tensor ids = rng.split("ids").ints(256, batch, context);
        Tensor targets = rng.split("targets").ints(256, batch, context);
        Runnable step = () -> optimizer.step(Gradients.of(Losses.crossEntropy(model.logits(ids), targets)));
        lesson.say("%d parameters on the backend %s", model.parameterCount(), Backends.cpu().name());

        // The first steps of a JVM are slow, because the code is still interpreted: the same step, again and again.
        lesson.heading("Warming up");
        long nanos = 0;
        for (int i = 1; i <= lesson.size(20, 4); i++) {
            long start = System.nanoTime();
            step.run();
            nanos = System.nanoTime() - start;
            if (i == 1 || i % 4 == 0) {
                lesson.say("step %2d   %.1f ms   %.0f tokens a second", i, nanos / 1e6, batch * context * 1e9 / nanos);
            }
        }

        // FLOP/s say how well the processor is used, GB/s how well the memory is. A few FLOP a byte: memory is the
        // limit; many: arithmetic is. Look at the top row first; what is not there is not worth the trouble.
        lesson.heading("One step, op by op: the slowest first");
        OpProfile profile = new OpProfile();
        long start = System.nanoTime();
        profile.listen(() -> {
            step.run();
            return null;
        });
        nanos = System.nanoTime() - start;
        lesson.say("%s", profile.table());
        OpProfile.Row total = profile.total();
        lesson.say("%.0f %% of the step's %.1f ms were spent inside ops; the rest is Java between them",
            100.0 * total.nanos() / nanos, nanos / 1e6);

        // The rule of thumb for a transformer: 6 floating-point operations for each parameter and token.
        double rule = 6.0 * model.parameterCount() * batch * context;
        lesson.heading("Is that a sensible amount of work?");
        lesson.say("6 x parameters x tokens = %.2f GFLOP, counted %.2f GFLOP", rule / 1e9, total.flops() / 1e9);

        lesson.heading("The loss as a program: captured once; what changes from run to run is an input");
        Program program = Program.capture("loss", in -> List.of(Losses.crossEntropy(model.logits(in.getFirst()), targets)),
            List.of(ids));
        double loss = program.run(ids).getFirst().item();
        double opByOp = Losses.crossEntropy(model.logits(ids), targets).item();
        lesson.say("%sthe loss of a run is %.6f, op by op it is %.6f", program.table(), loss, opByOp);
        return Map.of("ops", total.calls(), "captured", program.graph().instructions().size(), "loss", loss, "op_by_op",
            opByOp, "flops", total.flops(), "rule_of_thumb", rule, "share_in_ops", (double) total.nanos() / nanos);
    }
}
