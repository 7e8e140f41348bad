package dev.ricci.models.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.models.chat.ChatEncoder;
import dev.ricci.models.chat.ChatTemplate;
import dev.ricci.models.decoder.Decoder;
import dev.ricci.models.decoder.DecoderConfig;
import dev.ricci.models.diffusion.DiffusionEngine;
import dev.ricci.models.diffusion.DiffusionGenerator;
import dev.ricci.models.generation.GenerationConfig;
import dev.ricci.models.generation.Sampling;
import dev.ricci.models.tokenizer.Tokenizer;
import dev.ricci.tensor.Rng;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A server of masked diffusion models: texts that become known in any order are answered in their own. */
class DiffusionServerTest {
    private static final int CONTEXT = 64;
    private static final String COMPLETIONS = "/v1/completions";
    private static final Tokenizer TOKENIZER = TestServer.tokenizer();

    private static DiffusionGenerator generator(int block) {
        int mask = TOKENIZER.vocabSize();
        return new DiffusionGenerator(new Decoder(DecoderConfig.llama(mask + 1, CONTEXT, 1, 2, 1, 8, 16)
                .with(new DecoderConfig.Diffusion(mask, block)), Rng.of(3)));
    }

    private static TestServer server(DiffusionGenerator generator, int texts, int queued, Set<Integer> endIds) throws IOException {
        return new TestServer(new ServedModel(new DiffusionEngine(generator, texts, queued), TOKENIZER,
                Optional.of(new ChatEncoder(TOKENIZER, ChatTemplate.chatMl())), endIds, CONTEXT));
    }

    private static String alone(DiffusionGenerator generator, String prompt, int tokens, int kept, long seed) {
        int[] made = generator.generate(TOKENIZER.encode(prompt),
                GenerationConfig.greedy(tokens).with(Sampling.temperature(1), seed), id -> true);
        return TOKENIZER.decode(made).substring(0, kept);
    }

    @Test
    void answersAreThoseOfTheGeneratorWhoeverElseAsks() throws Exception {
        for (int block : new int[] {0, 8}) {
            DiffusionGenerator generator = generator(block);
            try (TestServer server = server(generator, 3, 20, Set.of())) {
                List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
                for (int i = 0; i < 12; i++) {
                    answers.add(server.postLater(COMPLETIONS, TestServer.completion("prompt", "Once " + i, "seed", i,
                            "max_tokens", 13, "stream", i % 2 == 1)));
                }
                for (int i = 0; i < 12; i++) {
                    HttpResponse<String> answer = answers.get(i).get();
                    assertEquals(200, answer.statusCode(), answer.body());
                    // Whole blocks are written, and 13 tokens of them answered.
                    String expected = alone(generator, "Once " + i, block == 0 ? 13 : 16, 13, i);
                    assertEquals(expected, i % 2 == 1 ? TestServer.streamed(answer) : TestServer.text(answer));
                }
            }
        }
    }

    @Test
    void asManyTokensAsFitAreWritten() throws Exception {
        DiffusionGenerator generator = generator(8);
        String prompt = "x".repeat(CONTEXT - 20);
        try (TestServer server = server(generator, 1, 0, Set.of())) {
            Map<String, Object> answer = TestServer.json(server.post(COMPLETIONS,
                    TestServer.completion("prompt", prompt, "seed", 5, "max_tokens", 60)));
            assertEquals(alone(generator, prompt, 16, 16, 5), TestServer.choice(answer).get("text"));
            assertEquals("length", TestServer.choice(answer).get("finish_reason"));
            Map<?, ?> usage = (Map<?, ?>) answer.get("usage");
            assertEquals((long) CONTEXT - 20, usage.get("prompt_tokens"));
            assertEquals(16L, usage.get("completion_tokens"));
            HttpResponse<String> none = server.post(COMPLETIONS, TestServer.completion("prompt", "x".repeat(CONTEXT - 5)));
            assertEquals(400, none.statusCode());
            assertTrue(none.body().contains("no block of 8"), none.body());
        }
    }

    @Test
    void anEndIdOrAStopTextEndsTheAnswer() throws Exception {
        DiffusionGenerator generator = generator(0);
        String whole = alone(generator, "Once", 40, 40, 7);
        String first = whole.substring(9, 10);
        int at = whole.indexOf(first);
        try (TestServer server = server(generator, 1, 0, Set.of(TOKENIZER.encode(first)[0]))) {
            Map<String, Object> answer = TestServer.json(server.post(COMPLETIONS, TestServer.completion("max_tokens", 40)));
            assertEquals(whole.substring(0, at), TestServer.choice(answer).get("text"));
            assertEquals("stop", TestServer.choice(answer).get("finish_reason"));
        }
        String stop = whole.substring(9, 12);
        try (TestServer server = server(generator, 1, 0, Set.of())) {
            Map<String, Object> answer = TestServer.json(server.post(COMPLETIONS, TestServer.completion("max_tokens", 40,
                    "stop", stop)));
            assertEquals(whole.substring(0, whole.indexOf(stop)), TestServer.choice(answer).get("text"));
            assertEquals("stop", TestServer.choice(answer).get("finish_reason"));
            assertEquals(200, server.post("/v1/chat/completions", TestServer.chat("max_tokens", 4)).statusCode());
        }
    }

    @Test
    void tokensHaveTheirOwnProbabilityAlone() throws Exception {
        try (TestServer server = server(generator(0), 1, 0, Set.of())) {
            HttpResponse<String> answer = server.post(COMPLETIONS, TestServer.completion("max_tokens", 5, "logprobs", 0));
            Map<?, ?> columns = (Map<?, ?>) TestServer.choice(TestServer.json(answer)).get("logprobs");
            List<?> values = (List<?>) columns.get("token_logprobs");
            assertEquals(5, values.size());
            values.forEach(v -> assertTrue((double) v < 0 && (double) v > -20, values.toString()));
            for (Object[] wrong : new Object[][] {{"logprobs", 2}, {"top_p", 0.5}, {"top_k", 3}}) {
                HttpResponse<String> refused = server.post(COMPLETIONS, TestServer.completion(wrong));
                assertEquals(400, refused.statusCode(), refused.body());
                assertTrue(((String) TestServer.error(refused).get("message")).startsWith("diffusion: "), refused.body());
            }
        }
    }

    @Test
    void aBrokenModelIsTheServersFault() throws Exception {
        DiffusionGenerator generator = generator(0);
        generator.model().parameters().values().forEach(p -> p.assign(p.snapshot().mul(Double.NaN)));
        try (TestServer server = server(generator, 2, 2, Set.of())) {
            HttpResponse<String> answer = server.post(COMPLETIONS, TestServer.completion());
            assertEquals(500, answer.statusCode(), answer.body());
        }
    }

    @Test
    void moreThanItTakesAreRefused() throws Exception {
        try (TestServer server = server(generator(0), 1, 1, Set.of())) {
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                answers.add(server.postLater(COMPLETIONS, TestServer.completion("max_tokens", 56)));
            }
            List<Integer> codes = new ArrayList<>();
            for (var answer : answers) {
                codes.add(answer.get().statusCode());
            }
            assertTrue(codes.contains(429), codes.toString());
            assertTrue(codes.stream().allMatch(c -> c == 200 || c == 429), codes.toString());
            // Places come back.
            assertEquals(200, server.post(COMPLETIONS, TestServer.completion("max_tokens", 8)).statusCode());
        }
    }
}
