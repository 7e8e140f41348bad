package dev.ricci.examples;

import dev.ricci.models.LanguageModel;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatMessage;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.Generation;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.GenerationRequest;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.generation.TextStream;
import dev.ricci.tensor.TensorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Talks with a model, line by line. */
@Command(name = "run", description = "Talk with a model; one that has no chat template continues each line.",
    footer = {"", "Reads lines from standard input, a terminal or a pipe. /clear forgets what was said, /exit ends."})
public final class RunCommand implements RicciCommand {
    @Mixin
    private ModelOptions model;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "Say this and end, instead of reading lines.")
    private String prompt;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is told about its part.")
    private String system;

    @Option(names = "--tokens", paramLabel = "N", defaultValue = "512", description = "At most this many new tokens a turn.")
    private int tokens;

    @Mixin
    private SamplingOptions sampling;

    /** Made by the service loader. */
    public RunCommand() {
    }

    @Override
    public Map<String, ?> run(CommonOptions options) throws Exception {
        GenerationConfig config = sampling.config(tokens, options.seed(), true);
        LanguageModel loaded = model.load();
        Optional<ChatEncoder> chat = ChatEncoder.of(loaded);
        if (system != null && chat.isEmpty()) {
            throw new UsageException("--system: the model has no chat template, so it knows no roles; put the text before"
                + " the prompt");
        }
        try (InferenceEngine engine = new InferenceEngine(loaded.decoder(),
            EngineOptions.of(loaded.decoder()).withMaxSequences(1))) {
            Conversation conversation = new Conversation(engine, loaded, chat, config, system, options.out());
            if (prompt != null) {
                conversation.turn(prompt);
            } else {
                if (!model.isGiven()) {
                    options.out().println("No model is named: this is " + ShippedModel.FOLDER + ", a small one that was trained on"
                        + " the sources of this project. It continues what you type.");
                }
                conversation.read();
            }
            return Map.of("turns", conversation.turns);
        }
    }

    /** What was said so far. */
    private static final class Conversation {
        private final InferenceEngine engine;
        private final LanguageModel model;
        private final Optional<ChatEncoder> chat;
        private final GenerationConfig config;
        private final String system;
        private final PrintStream out;
        private final List<ChatMessage> messages = new ArrayList<>();
        private final List<Map<String, Object>> turns = new ArrayList<>();

        Conversation(InferenceEngine engine, LanguageModel model, Optional<ChatEncoder> chat, GenerationConfig config,
            String system, PrintStream out) {
            this.engine = engine;
            this.model = model;
            this.chat = chat;
            this.config = config;
            this.system = system;
            this.out = out;
            clear();
        }

        private void clear() {
            messages.clear();
            if (system != null) {
                messages.add(ChatMessage.system(system));
            }
        }

        void read() throws IOException, InterruptedException {
            boolean terminal = System.console() != null && System.console().isTerminal();
            Charset charset = terminal ? System.console().charset() : StandardCharsets.UTF_8;
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, charset));
            while (true) {
                if (terminal) {
                    out.print("> ");
                    out.flush();
                }
                String line = lines.readLine();
                if (line == null || line.strip().equals("/exit")) {
                    return;
                }
                if (line.strip().equals("/clear")) {
                    clear();
                } else if (!line.isBlank()) {
                    turn(line);
                }
            }
        }

        void turn(String line) throws InterruptedException {
            int[] ids = ids(line);
            int context = model.decoder().config().contextLength();
            if (ids.length >= context) {
                throw new TensorException("run: the conversation has " + ids.length + " tokens, the model's context holds "
                    + context + "; /clear starts a new one");
            }
            TextStream text = new TextStream(model.tokenizer(), ids, config.stop());
            long start = System.nanoTime();
            long first = 0;
            int count = 0;
            if (chat.isEmpty()) {
                out.print(line);
            }
            try (Generation generation = engine.submit(GenerationRequest.of(ids, config)
                .withStopIds(model.endIds()))) {
                for (var token = generation.next(); token.isPresent(); token = generation.next()) {
                    first = first == 0 ? System.nanoTime() : first;
                    count++;
                    print(text.next(token.get().id()));
                    if (text.stopped()) {
                        break;
                    }
                }
            }
            print(text.end());
            out.println();
            if (chat.isPresent()) {
                messages.add(ChatMessage.assistant(text.text()));
            }
            note(line, text.text(), count, first == 0 ? 0 : first - start, System.nanoTime() - start);
        }

        private int[] ids(String line) {
            if (chat.isEmpty()) {
                int[] ids = model.tokenizer().encodePrompt(line);
                if (ids.length == 0) {
                    throw new TensorException("run: the prompt is empty, and the vocabulary has no token to begin with");
                }
                return ids;
            }
            messages.add(ChatMessage.user(line));
            return chat.get().prompt(messages);
        }

        private void print(String piece) {
            out.print(piece);
            out.flush();
        }

        private void note(String line, String text, int count, long nanosToFirst, long nanos) {
            Map<String, Object> turn = new LinkedHashMap<>();
            turn.put("prompt", line);
            turn.put("text", text);
            turn.put("tokens", count);
            turn.put("tokens_per_second", nanos == 0 ? 0 : count * 1e9 / nanos);
            turn.put("time_to_first_token_ms", nanosToFirst / 1e6);
            turns.add(turn);
        }
    }
}
