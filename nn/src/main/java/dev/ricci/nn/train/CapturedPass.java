package dev.ricci.nn.train;

import dev.ricci.autograd.Gradients;
import dev.ricci.nn.data.Batch;
import dev.ricci.nn.optim.Optimizer;
import dev.ricci.nn.train.Trainer.LossesAndGradients;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.TensorSpec;
import dev.ricci.tensor.Variable;
import dev.ricci.tensor.spi.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The forward and backward pass of a step as captured programs: one for each row of shapes that batches come in. */
final class CapturedPass {
    private record Captured(Program program, List<Variable> variables) {
    }

    private final BiFunction<List<Batch>, Rng, LossesAndGradients> pass;
    private final Optimizer optimizer;
    private final Map<List<TensorSpec>, Captured> programs = new HashMap<>();

    /** @param optimizer says which gradients are wanted */
    CapturedPass(BiFunction<List<Batch>, Rng, LossesAndGradients> pass, Optimizer optimizer) {
        this.pass = pass;
        this.optimizer = optimizer;
    }

    LossesAndGradients run(List<Batch> batches, Rng scope) {
        List<Tensor> inputs = new ArrayList<>(List.of(scope.key()));
        for (Batch b : batches) {
            inputs.add(b.inputs());
            if (b.targets() != null) {
                inputs.add(b.targets());
            }
        }
        Captured c = programs.computeIfAbsent(inputs.stream().map(Tensor::spec).toList(), k -> capture(batches, inputs));
        List<Tensor> results = c.program.run(inputs.toArray(Tensor[]::new));
        Map<Variable, Tensor> raw = new LinkedHashMap<>();
        int first = batches.size() + 1;
        for (int i = 0; i < c.variables.size(); i++) {
            Tensor g = results.get(first + i);
            // Nobody else has seen it: Gradients.release() gives its memory to the next run.
            Storage s = g.storage();
            s.countHolds();
            s.hold();
            raw.put(c.variables.get(i), g);
        }
        return new LossesAndGradients(results.subList(0, batches.size()),
                Gradients.ofVariables(raw, results.get(batches.size())));
    }

    private Captured capture(List<Batch> batches, List<Tensor> inputs) {
        List<Variable> found = new ArrayList<>();
        Program program = Program.capture("training step", in -> {
            LossesAndGradients made = pass.apply(batches(batches, in), Rng.ofKey(in.getFirst()));
            List<Tensor> results = new ArrayList<>(made.losses());
            results.add(made.gradients().scale());
            for (Variable v : optimizer.state().parameters()) {
                if (made.gradients().contains(v)) {
                    found.add(v);
                    results.add(made.gradients().raw(v));
                }
            }
            return results;
        }, inputs);
        return new Captured(program, found);
    }

    /** Batches of the same kind from tensors in their order. */
    private static List<Batch> batches(List<Batch> like, List<Tensor> in) {
        List<Batch> made = new ArrayList<>();
        int at = 1;
        for (Batch b : like) {
            made.add(new Batch(in.get(at++), b.targets() == null ? null : in.get(at++)));
        }
        return made;
    }
}
