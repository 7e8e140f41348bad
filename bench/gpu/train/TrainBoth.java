import dev.ricci.autograd.Gradients;
import dev.ricci.gpu.TornadoProvider;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.nn.Training;
import dev.ricci.nn.optim.AdamW;
import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.cpu.CpuBackend;
import dev.ricci.tensor.spi.Backend;

/**
 * Two tiny decoders trained on the CPU and on the GPU backend, op by op: the largest difference of their losses. After a
 * build with TORNADOVM_HOME set, from the root of the tree:
 *
 * <pre>
 * classes=$(printf '%s/target/classes:' tensor autograd nn models gpu-backend)
 * javac -d target/train -cp $classes bench/gpu/train/TrainBoth.java
 * java @$TORNADOVM_HOME/tornado-argfile --add-modules jdk.incubator.vector -Dricci.gpu.strict=true \
 *     -Dtornado.recover.bailout=False -Dtornado.tvm.maxbytecodesize=65536 -Dtornado.max.events=64 \
 *     -Dtornado.enable.fastMathOptimizations=False -Dtornado.opencl.compiler.flags=-w \
 *     -cp $classes:target/train TrainBoth 100
 * </pre>
 */
final class TrainBoth {
    private static final int VOCABULARY = 29;
    private static final int TOKENS = 12;

    private TrainBoth() {
    }

    public static void main(String[] args) {
        int steps = Integer.parseInt(args[0]);
        Backend gpu = new TornadoProvider().create();
        System.out.println(gpu.name());
        compare("GPT-2, dropout 0.1", DecoderConfig.gpt2(VOCABULARY, TOKENS, 2, 2, 16).withDropout(0.1), gpu, steps);
        compare("Llama", DecoderConfig.llama(VOCABULARY, TOKENS, 2, 4, 2, 16, 24), gpu, steps);
        System.exit(0);
    }

    private static void compare(String name, DecoderConfig config, Backend gpu, int steps) {
        double[] expected = losses(CpuBackend.create(), config, steps);
        long start = System.nanoTime();
        double[] actual = losses(gpu, config, steps);
        double worst = 0;
        for (int t = 0; t < steps; t++) {
            worst = Math.max(worst, Math.abs(expected[t] - actual[t]));
        }
        System.out.printf("%s: %d steps, loss %.4f to %.4f, largest difference %.2e, %d ms a step%n", name, steps,
                actual[0], actual[steps - 1], worst, (System.nanoTime() - start) / 1_000_000 / steps);
    }

    private static double[] losses(Backend backend, DecoderConfig config, int steps) {
        return Backends.with(backend, () -> {
            Decoder model = new Decoder(config, Rng.of(1));
            AdamW optimizer = AdamW.of(model.parameters(), 1);
            double[] losses = new double[steps];
            for (int t = 1; t <= steps; t++) {
                Tensor ids = Rng.of(t % 5).ints(VOCABULARY, 4, TOKENS + 1);
                Tensor loss = Training.scope(Rng.ofKey(Rng.of(7).split(t).key()),
                        () -> model.loss(ids.slice(1, 0, TOKENS), ids.slice(1, 1, TOKENS + 1)));
                optimizer.step(Gradients.of(loss).clipByGlobalNorm(0.5), Tensor.scalar(3e-3), Tensor.scalar(t));
                losses[t - 1] = loss.detach().item();
            }
            return losses;
        });
    }
}
