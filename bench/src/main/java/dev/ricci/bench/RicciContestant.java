package dev.ricci.bench;

import dev.ricci.autograd.Gradients;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.encoder.Pooling;
import dev.ricci.models.encoder.TokenBatch;
import dev.ricci.models.tokenizer.PipelineTokenizer;
import dev.ricci.models.tokenizer.TokenizerJson;
import dev.ricci.nn.KvCache;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.nn.optim.ParameterGroup;
import dev.ricci.nn.optim.Schedule;
import dev.ricci.tensor.DType;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.NoGrad;
import dev.ricci.tensor.Program;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Shape;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.Workspace;
import dev.ricci.tensor.cpu.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** The work done with Ricci, as a user would write it. */
final class RicciContestant {
    static final String NAME = "Ricci";

    /** Operations of small work in one call, so that what surrounds the measuring disappears. */
    private static final int SMALL_CALLS = 1000;

    private RicciContestant() {
    }

    static Contestant of(Workload workload, int threads) {
        return switch (workload) {
            case Workload.Gemm w -> gemm(w, threads);
            case Workload.Linear w -> linear(w, threads);
            case Workload.Rows w -> rows(w, threads);
            case Workload.Attention w -> attention(w, threads);
            case Workload.TrainStep w -> trainStep(w, threads);
            case Workload.Decode w -> decode(w, threads);
            case Workload.Stored w -> stored(w, threads);
            case Workload.Encode w -> encode(w, threads);
            case Workload.Tokenize w -> tokenize(w, threads);
            case Workload.Small w -> small(w, threads);
        };
    }

    private static Contestant contestant(int operations, int threads, Supplier<Tensor> call) {
        Tensor[] last = new Tensor[1];
        return new Contestant(operations, () -> Threads.limit(threads, () -> {
            last[0] = call.get();
        }), () -> last[0].toFloatArray(), () -> {
        });
    }

    private static Contestant gemm(Workload.Gemm w, int threads) {
        Tensor a = w.transA() ? w.a().transpose(0, 1) : w.a();
        Tensor b = w.transB() ? w.b().transpose(0, 1) : w.b();
        return contestant(1, threads, () -> a.matmul(b));
    }

    private static Contestant linear(Workload.Linear w, int threads) {
        // As a loaded model has it: a parameter that nothing changes, used under NoGrad.
        var layer = new dev.ricci.nn.Linear(w.x().dim(1), w.weight().dim(0), false, (rng, shape) -> w.weight(),
                Rng.of(1));
        return contestant(1, threads, () -> NoGrad.call(() -> layer.forward(w.x())));
    }

    private static UnaryOperator<Tensor> function(Workload.Rows w, List<Tensor> p) {
        return switch (w.function()) {
            case SOFTMAX -> x -> x.softmax(-1);
            case LAYER_NORM -> x -> Functional.layerNorm(x, p.get(0), p.get(1), 1e-5);
            case RMS_NORM -> x -> Functional.rmsNorm(x, p.get(0), 1e-5);
            case GELU -> Tensor::gelu;
            case GELU_TANH -> Tensor::geluTanh;
            case SILU -> Tensor::silu;
            case CROSS_ENTROPY -> x -> Functional.crossEntropy(x, p.get(0));
        };
    }

    private static Contestant rows(Workload.Rows w, int threads) {
        if (!w.backward()) {
            UnaryOperator<Tensor> f = function(w, w.parameters());
            return contestant(1, threads, () -> f.apply(w.x()));
        }
        Tensor x = w.x().tracked();
        List<Tensor> leaves = new ArrayList<>(List.of(x));
        List<Tensor> parameters = new ArrayList<>();
        for (Tensor t : w.parameters()) {
            parameters.add(t.dtype().isInteger() ? t : t.tracked());
            if (!t.dtype().isInteger()) {
                leaves.add(parameters.getLast());
            }
        }
        UnaryOperator<Tensor> f = function(w, parameters);
        Tensor above = w.above();
        Latest latest = new Latest();
        return contestant(1, threads, () -> {
            Tensor y = f.apply(x);
            return latest.gradients(List.of(y), List.of(above.reshape(y.shape())), leaves).get(x);
        });
    }

    private static Contestant attention(Workload.Attention w, int threads) {
        Tensor q = w.q().tracked();
        Tensor k = w.k().tracked();
        Tensor v = w.v().tracked();
        Tensor above = w.above();
        Latest latest = new Latest();
        return contestant(1, threads, () -> latest.gradients(List.of(Functional.attention(q, k, v, true)),
                List.of(above), List.of(q, k, v)).get(k));
    }

    /** Gradients that give their memory back when the next ones are asked for, as a training step does at its end. */
    private static final class Latest {
        private Gradients held;

        Gradients gradients(List<Tensor> outputs, List<Tensor> seeds, List<Tensor> wrt) {
            if (held != null) {
                held.release();
            }
            held = Gradients.vectorJacobian(outputs, seeds, wrt, Gradients.reuseMemory());
            return held;
        }
    }

    private static AdamW optimizer(Decoder model) {
        return AdamW.of(model.parameters(), Schedule.constant(Workload.TrainStep.RATE),
                AdamW.Options.DEFAULT.withBetas(Workload.TrainStep.BETA_1, Workload.TrainStep.BETA_2)
                        .withEps(Workload.TrainStep.EPS).withWeightDecay(Workload.TrainStep.DECAY)
                        .withGroups(ParameterGroup.noDecayForVectors()));
    }

    private static Contestant trainStep(Workload.TrainStep w, int threads) {
        Decoder model = w.model();
        AdamW optimizer = optimizer(model);
        Tensor ids = w.ids();
        Tensor targets = w.targets();
        return contestant(1, threads, () -> {
            Tensor loss = model.loss(ids, targets);
            Gradients gradients = Gradients.of(loss, Gradients.reuseMemory());
            optimizer.step(gradients.clipByGlobalNorm(Workload.TrainStep.CLIP));
            gradients.release();
            return loss.detach();
        });
    }

    /** The same step as a captured program. */
    static Contestant capturedStep(Workload.TrainStep w, int threads) {
        Decoder model = w.model();
        AdamW optimizer = optimizer(model);
        Tensor ids = w.ids();
        Tensor targets = w.targets();
        Tensor rate = Tensor.full(Shape.scalar(), DType.F64, Workload.TrainStep.RATE);
        Program program = Program.capture("step", in -> {
            Tensor loss = model.loss(in.get(0), in.get(1));
            optimizer.step(Gradients.of(loss).clipByGlobalNorm(Workload.TrainStep.CLIP), in.get(2), in.get(3));
            return List.of(loss);
        }, List.of(ids, targets, rate, Tensor.full(Shape.scalar(), DType.F64, 1)));
        int[] steps = new int[1];
        return contestant(1, threads, () -> program.run(ids, targets, rate,
                Tensor.full(Shape.scalar(), DType.F64, ++steps[0])).getFirst());
    }

    private static Contestant decode(Workload.Decode w, int threads) {
        Decoder model = w.model();
        KvCache cache = model.newCache(1);
        NoGrad.run(() -> model.nextLogits(w.prompt(), cache));
        Tensor next = w.next();
        return contestant(1, threads, () -> NoGrad.call(() -> {
            cache.truncate(w.context());
            return model.nextLogits(next, cache);
        }));
    }

    private static Contestant stored(Workload.Stored w, int threads) {
        Decoder model;
        try {
            model = ModelFiles.load(w.file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        KvCache cache = model.newCache(1);
        Runnable call = w.prompt() ? () -> {
            cache.truncate(0);
            next(model, w.ids(w.context()), cache);
        } : () -> {
            cache.truncate(Math.min(cache.length(), w.context()));
            int id = cache.length() == w.context() ? w.ids(1)[0] : next(model, w.ids(w.context()), cache);
            for (int i = 0; i < w.tokens(); i++) {
                id = next(model, new int[] {id}, cache);
            }
        };
        return new Contestant(w.tokens(), () -> Threads.limit(threads, () -> NoGrad.run(call)), () -> NoGrad.call(() ->
                model.nextLogits(ids(w.ids(Workload.Stored.COMPARED)), null).logSoftmax(-1).toFloatArray()), () -> {
        });
    }

    private static Tensor ids(int[] ids) {
        return Tensor.ofInts(ids, 1, ids.length);
    }

    /** The likeliest next id. */
    private static int next(Decoder model, int[] ids, KvCache cache) {
        return Workspace.discarding(() -> (int) model.nextLogits(ids(ids), cache).argmax(-1).item());
    }

    private static Contestant encode(Workload.Encode w, int threads) {
        return contestant(1, threads, () -> NoGrad.call(() -> {
            TokenBatch batch = TokenBatch.of(w.ids());
            return w.encoder().pool(w.encoder().forward(batch), batch, Pooling.MEAN);
        }));
    }

    private static Contestant tokenize(Workload.Tokenize w, int threads) {
        PipelineTokenizer tokenizer = TokenizerJson.of(w.vocabulary(), w.label());
        ForkJoinPool pool = new ForkJoinPool(threads);
        int[][] ids = new int[w.documents().size()][];
        return new Contestant(1, () -> pool.submit(() -> IntStream.range(0, ids.length).parallel()
                .forEach(i -> ids[i] = tokenizer.encode(w.documents().get(i)))).join(), () -> Workload.Tokenize.flat(ids), pool::close);
    }

    /** Each op needs the one before, as in the peers' loops, which would leave out what is computed twice. */
    private static Contestant small(Workload.Small w, int threads) {
        Tensor a = Rng.of(1).normal(16);
        Tensor b = Rng.of(2).normal(16);
        Tensor square = a.reshape(4, 4);
        Tensor identity = Tensor.eye(4);
        Tensor tracked = a.tracked();
        Tensor ones = Tensor.ones(16);
        return switch (w) {
            case ADD -> contestant(SMALL_CALLS, threads, () -> chain(SMALL_CALLS, a, x -> x.add(b)));
            case ADD_TRACKED -> contestant(SMALL_CALLS, threads, () -> chain(SMALL_CALLS, tracked, x -> x.add(b)));
            case MATMUL -> contestant(SMALL_CALLS, threads, () -> chain(SMALL_CALLS, square, x -> x.matmul(identity)));
            case CHAIN -> contestant(Workload.Small.CHAIN_LENGTH, threads, () -> Gradients.of(
                    chain(Workload.Small.CHAIN_LENGTH, tracked, x -> x.mul(ones)).sum()).get(tracked));
        };
    }

    private static Tensor chain(int length, Tensor start, UnaryOperator<Tensor> op) {
        Tensor x = start;
        for (int i = 0; i < length; i++) {
            x = op.apply(x);
        }
        return x;
    }
}
