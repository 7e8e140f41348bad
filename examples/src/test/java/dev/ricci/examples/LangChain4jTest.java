package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatTemplate;
import dev.ricci.models.generation.EngineOptions;
import dev.ricci.models.generation.InferenceEngine;
import dev.ricci.models.serve.EmbeddingFunction;
import dev.ricci.models.serve.OpenAiServer;
import dev.ricci.models.serve.ServedModel;
import dev.ricci.models.serve.ServedModels;
import dev.ricci.models.serve.ServerOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that was not written for this server: LangChain4j's. */
@Timeout(60)
class LangChain4jTest {
    private static OpenAiServer server;
    private static String url;

    @BeforeAll
    static void start() throws Exception {
        InferenceEngine engine = new InferenceEngine(TinyModel.decoder(), new EngineOptions(4, 4, TinyModel.CONTEXT, 64, true));
        ServedModel model = new ServedModel(engine, TinyModel.tokenizer(),
            Optional.of(new ChatEncoder(TinyModel.tokenizer(), ChatTemplate.chatMl())), Set.of(), TinyModel.CONTEXT);
        EmbeddingFunction lengths = texts -> new EmbeddingFunction.Embeddings(
            texts.stream().map(t -> new float[] {t.length(), 1}).toList(), texts.size());
        server = OpenAiServer.start(new ServedModels(Map.of("tiny", model), Map.of("lengths", lengths)),
            ServerOptions.loopback(0));
        url = "http://localhost:" + server.address().getPort() + "/v1";
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder chat() {
        return OpenAiChatModel.builder().baseUrl(url).apiKey("none").modelName("tiny").seed(7).temperature(0.9).maxTokens(30)
            .maxRetries(0);
    }

    @Test
    void chats() {
        ChatResponse response = chat().build().chat(SystemMessage.from("Be brief."), UserMessage.from("Hello"),
            AiMessage.from("Hi"), UserMessage.from("And?"));
        assertEquals(30, response.aiMessage().text().length());
        assertEquals(FinishReason.LENGTH, response.finishReason());
        assertEquals(30, response.tokenUsage().outputTokenCount());
        String text = response.aiMessage().text();
        assertEquals(text.substring(0, text.indexOf(text.substring(10, 12))), chat().stop(List.of(text.substring(10, 12))).build()
            .chat(SystemMessage.from("Be brief."), UserMessage.from("Hello"), AiMessage.from("Hi"), UserMessage.from("And?"))
            .aiMessage().text());
    }

    @Test
    void streams() throws Exception {
        String whole = chat().build().chat("Hello");
        CompletableFuture<ChatResponse> done = new CompletableFuture<>();
        StringBuilder pieces = new StringBuilder();
        OpenAiStreamingChatModel.builder().baseUrl(url).apiKey("none").modelName("tiny").seed(7).temperature(0.9).maxTokens(30)
            .build().chat("Hello", new StreamingChatResponseHandler() {
                @Override
                public void onPartialResponse(String piece) {
                    pieces.append(piece);
                }

                @Override
                public void onCompleteResponse(ChatResponse response) {
                    done.complete(response);
                }

                @Override
                public void onError(Throwable error) {
                    done.completeExceptionally(error);
                }
            });
        ChatResponse response = done.get(30, TimeUnit.SECONDS);
        assertEquals(whole, pieces.toString());
        assertEquals(whole, response.aiMessage().text());
        assertEquals(FinishReason.LENGTH, response.finishReason());
        assertEquals(30, response.tokenUsage().outputTokenCount());
    }

    @Test
    void embeds() {
        assertEquals(4, OpenAiEmbeddingModel.builder().baseUrl(url).apiKey("none").modelName("lengths").maxRetries(0).build()
            .embed("four").content().vector()[0]);
    }

    @Test
    void hearsWhatIsWrong() {
        InvalidRequestException e = assertThrows(InvalidRequestException.class,
            () -> chat().presencePenalty(0.5).build().chat("Hello"));
        assertTrue(e.getMessage().contains("'presence_penalty' is not supported"), e.getMessage());
    }
}
