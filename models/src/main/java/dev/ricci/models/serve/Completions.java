package dev.ricci.models.serve;

import dev.ricci.models.generation.FailedGenerationException;
import dev.ricci.models.generation.Generation;
import dev.ricci.models.generation.Generation.Token;
import dev.ricci.models.generation.GenerationRequest;
import dev.ricci.models.generation.QueueFullException;
import dev.ricci.models.generation.TextStream;
import dev.ricci.models.generation.TokenStream;
import dev.ricci.models.serve.CompletionRequest.Input;
import dev.ricci.tensor.TensorException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/** Answers requests with one language model. */
final class Completions {
    private final String name;
    private final ServedModel model;
    private final Duration maxTime;

    Completions(String name, ServedModel model, Duration maxTime) {
        this.name = name;
        this.model = model;
        this.maxTime = maxTime;
    }

    void answer(CompletionRequest request, Reply reply) throws IOException, InterruptedException {
        int[] prompt = prompt(request.input());
        if (prompt.length >= model.contextLength()) {
            throw new ApiException(400, "invalid_request_error", null, "context_length_exceeded", "the prompt has "
                    + prompt.length + " tokens; the model's context holds " + model.contextLength()
                    + ", with the answer");
        }
        Answer answer = Answer.of(name, request, model.tokenizer());
        try (TokenStream tokens = submit(request, prompt)) {
            TextStream text = new TextStream(model.tokenizer(), prompt, request.config().stop());
            Run run = new Run(request, answer, tokens, text, reply, System.nanoTime() + maxTime.toNanos());
            if (request.stream()) {
                run.stream();
            } else {
                run.whole();
            }
        }
    }

    private TokenStream submit(CompletionRequest request, int[] prompt) {
        try {
            return model.engine().submit(new GenerationRequest(prompt, request.config(), model.endIds(),
                    Math.max(0, request.logProbabilities())));
        } catch (QueueFullException e) {
            throw ApiException.later(429, "queue_full", "as many requests are being answered and wait as this server takes;"
                    + " try again later");
        }
    }

    private int[] prompt(Input input) {
        int[] ids = switch (input) {
            case Input.Chat chat -> model.chat().orElseThrow(() -> ApiException.request(400, "the model '" + name
                    + "' has no chat template; use /v1/completions")).prompt(chat.messages(), chat.variables());
            case Input.Text text -> model.tokenizer().encodePrompt(text.text());
            case Input.Ids given -> given.ids();
        };
        if (ids.length == 0) {
            throw ApiException.field("prompt", "is empty, and the model has no token to begin with");
        }
        return ids;
    }

    /** One answer as it is made. */
    private record Run(CompletionRequest request, Answer answer, TokenStream source, TextStream text, Reply reply,
            long deadline) {
        void whole() throws IOException, InterruptedException {
            List<Token> tokens = new ArrayList<>();
            for (Optional<Token> t = next(); t.isPresent(); t = next()) {
                tokens.add(t.get());
                text.next(t.get().id());
            }
            text.end();
            reply.json(200, answer.whole(text.text(), tokens, finish(), usage(tokens.size())));
        }

        void stream() throws IOException, InterruptedException {
            reply.startEvents();
            if (request.input() instanceof Input.Chat) {
                reply.event(answer.first());
            }
            int count = 0;
            int sent = 0;
            List<Token> fresh = new ArrayList<>();
            for (Optional<Token> t = next(); t.isPresent(); t = next()) {
                count++;
                fresh.add(t.get());
                sent += send(text.next(t.get().id()), fresh, sent);
            }
            send(text.end(), fresh, sent);
            reply.event(answer.piece("", fresh, text.text().length(), finish()));
            if (request.includeUsage()) {
                reply.event(answer.usage(usage(count)));
            }
            reply.endEvents();
        }

        /** Sends new text, if there is any, with the tokens that it is made of. */
        private int send(String piece, List<Token> fresh, int offset) throws IOException {
            if (!piece.isEmpty()) {
                reply.event(answer.piece(piece, fresh, offset, null));
                fresh.clear();
            }
            return piece.length();
        }

        /** The next token; none at the end, whatever ends it. */
        private Optional<Token> next() throws IOException, InterruptedException {
            while (!text.stopped() && System.nanoTime() - deadline < 0) {
                reply.keepAlive();
                try {
                    return source.next(Reply.SILENCE);
                } catch (TimeoutException e) {
                    continue; // the client may have gone meanwhile
                }
            }
            return Optional.empty();
        }

        private String finish() {
            if (text.stopped()) {
                return "stop";
            }
            Optional<Generation.Finish> finish = source.finish();
            if (finish.isEmpty()) {
                throw ApiException.later(504, "timeout", "the answer took longer than this server allows");
            }
            return switch (finish.get()) {
                case STOP -> "stop";
                case LENGTH -> "length";
                case CANCELLED -> throw ApiException.later(503, "shutting_down", "the server is shutting down");
                case FAILED -> throw new FailedGenerationException("generate: failed", null);
            };
        }

        private Answer.Usage usage(int completion) {
            return new Answer.Usage(source.promptTokens(), source.reusedTokens(), completion);
        }
    }
}
