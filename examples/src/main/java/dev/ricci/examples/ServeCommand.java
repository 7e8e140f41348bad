package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.diffusion.DiffusionEngine;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.diffusion.Unmasking;
import dev.ricci.models.encoder.SentenceEmbedder;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.generation.TokenEngine;
import dev.ricci.models.serve.EmbeddingFunction;
import dev.ricci.models.serve.OpenAiServer;
import dev.ricci.models.serve.ServedModel;
import dev.ricci.models.serve.ServedModels;
import dev.ricci.models.serve.ServerOptions;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves a model over HTTP until the user stops it. */
@Command(name = "serve", description = "Serve a model with OpenAI's interface, on this machine alone unless --host is given.",
    footer = {"", "Chats, completions, embeddings and models are under /v1. Ctrl-C or TERM lets running requests end."})
public final class ServeCommand implements RicciCommand {
    private static final long TICK_MILLIS = 100;
    private static final int KIBIBYTE = 1 << 10;
    /** The process is given no more time to end than this. */
    private static final int MAX_GRACE = 50;

    @Mixin
    private ModelOptions model;

    @Option(names = "--embeddings", paramLabel = "PATH",
        description = "An encoder to serve as well, or alone, as ricci embed takes it.")
    private Path embeddings;

    @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "127.0.0.1",
        description = "Where to listen. Another address than a loopback one lets other machines in, without a password.")
    private String host;

    @Option(names = "--port", paramLabel = "N", defaultValue = "8080", description = "0: any that is free.")
    private int port;

    @Option(names = "--name", paramLabel = "NAME", description = "What clients call the model. Default: its file's name.")
    private String name;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "16", description = "Requests answered at once.")
    private int parallel;

    @Option(names = "--queue", paramLabel = "N", defaultValue = "64",
        description = "Requests that may wait; more are refused with status 429.")
    private int queue;

    @Option(names = "--max-tokens", paramLabel = "N", defaultValue = "4096",
        description = "Most new tokens that a request may ask for.")
    private int maxTokens;

    @Option(names = "--max-body", paramLabel = "KIB", defaultValue = "1024", description = "Largest request, in KiB.")
    private int maxBody;

    @Option(names = "--max-connections", paramLabel = "N", defaultValue = "512", description = "Most clients at once.")
    private int maxConnections;

    @Option(names = "--request-time", paramLabel = "SECONDS", defaultValue = "30",
        description = "How long a client may take to send a request.")
    private int requestTime;

    @Option(names = "--answer-time", paramLabel = "SECONDS", defaultValue = "600",
        description = "How long an answer may take.")
    private int answerTime;

    @Option(names = "--grace", paramLabel = "SECONDS", defaultValue = "10",
        description = "How long running requests have to end after Ctrl-C, at most " + MAX_GRACE + ".")
    private int grace;

    @Mixin
    private DiffusionChoices diffusion;

    /** Made by the service loader. */
    public ServeCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        ServerOptions serverOptions = serverOptions();
        StopRequest stop = options.stopRequest();
        Map<String, EmbeddingFunction> functions = embeddings == null ? Map.of()
            : Map.of(ModelOptions.name(embeddings), EmbeddingFunction.of(SentenceEmbedder.load(embeddings)));
        OpenAiServer.setLimits(Duration.ofSeconds(requestTime), maxConnections);
        if (embeddings != null && !model.isGiven()) {
            return serve(new ServedModels(Map.of(), functions), serverOptions, stop, options.out());
        }
        LanguageModel loaded = model.load();
        ServedModel served = ServedModel.of(loaded, engine(loaded.decoder()));
        if (served.chat().isEmpty()) {
            options.out().println("The model has no chat template: it answers /v1/completions alone.");
        }
        try (TokenEngine closed = served.engine()) {
            return serve(new ServedModels(Map.of(name == null ? model.name() : name, served), functions), serverOptions, stop,
                options.out());
        }
    }

    private TokenEngine engine(Decoder decoder) {
        Optional<DiffusionGenerator> denoiser = diffusion.generator(decoder);
        if (denoiser.isEmpty()) {
            return new InferenceEngine(decoder, EngineOptions.of(decoder).withMaxSequences(parallel).withMaxQueued(queue));
        }
        if (denoiser.get().options().unmasking() instanceof Unmasking.Steps) {
            throw new UsageException("--steps: a server's answers have as many tokens as clients ask for, for which no number of"
                + " steps is right; use --threshold");
        }
        return new DiffusionEngine(denoiser.get(), parallel, queue);
    }

    private Map<String, ?> serve(ServedModels models, ServerOptions serverOptions, StopRequest stop, PrintStream out)
        throws IOException, InterruptedException {
        try (OpenAiServer server = start(models, serverOptions)) {
            var address = server.address();
            if (!address.getAddress().isLoopbackAddress()) {
                out.println("Other machines can reach this server, and it asks nobody for a password.");
            }
            List<String> names = Stream.concat(models.languageModels().keySet().stream(),
                models.embeddings().keySet().stream()).toList();
            String url = "http://" + (address.getAddress().isAnyLocalAddress() ? "localhost" : host) + ":" + address.getPort()
                + "/v1";
            out.println(String.join(", ", names) + " at " + url);
            out.flush();
            while (!stop.requested()) {
                Thread.sleep(TICK_MILLIS);
            }
            boolean ended = server.shutdown(Duration.ofSeconds(grace));
            out.println(ended ? "All requests have ended." : "Requests that had not ended were cancelled.");
            Map<String, Object> results = new LinkedHashMap<>();
            results.put("models", names);
            results.put("url", url);
            results.put("ended", ended);
            return results;
        }
    }

    private static OpenAiServer start(ServedModels models, ServerOptions options) throws IOException {
        try {
            return OpenAiServer.start(models, options);
        } catch (IOException e) {
            throw new IOException("cannot listen at " + options.host() + ":" + options.port() + ": " + e.getMessage(), e);
        }
    }

    private ServerOptions serverOptions() {
        if (parallel < 1 || queue < 0) {
            throw new UsageException("--parallel must be 1 or more and --queue 0 or more, got " + parallel + " and " + queue);
        }
        if (grace < 0 || grace > MAX_GRACE) {
            throw new UsageException("--grace: must lie in 0 .. " + MAX_GRACE + ", got " + grace);
        }
        if (maxBody < 1 || maxBody > Integer.MAX_VALUE / KIBIBYTE - 1 || requestTime < 1 || maxConnections < 1) {
            throw new UsageException("--max-body, --request-time and --max-connections: must be positive, and the first at"
                + " most " + (Integer.MAX_VALUE / KIBIBYTE - 1));
        }
        try {
            return new ServerOptions(host, port, maxBody * KIBIBYTE, maxTokens, Duration.ofSeconds(answerTime));
        } catch (TensorException e) {
            throw new UsageException(e.getMessage());
        }
    }
}
