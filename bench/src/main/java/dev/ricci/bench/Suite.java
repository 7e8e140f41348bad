package dev.ricci.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The comparisons that {@code ricci bench} knows, in the order of {@code ricci bench all}. */
enum Suite {
    /** Matrix products. */
    GEMM {
        @Override
        Session.Result run(Session session) {
            return GemmSuite.run(session);
        }
    },
    /** The other ops of language models. */
    OPS {
        @Override
        Session.Result run(Session session) {
            return OpsSuite.run(session);
        }
    },
    /** Training steps. */
    TRAIN {
        @Override
        Session.Result run(Session session) {
            return TrainSuite.run(session);
        }
    },
    /** Tokens of a decoder, one by one. */
    DECODE {
        @Override
        Session.Result run(Session session) throws Exception {
            return DecodeSuite.run(session);
        }
    },
    /** Sentence embeddings. */
    EMBED {
        @Override
        Session.Result run(Session session) throws Exception {
            return EmbedSuite.run(session);
        }
    },
    /** Texts to ids. */
    TOKENIZE {
        @Override
        Session.Result run(Session session) throws Exception {
            return TokenizeSuite.run(session);
        }
    },
    /** What an op costs when there is nothing to compute. */
    OVERHEAD {
        @Override
        Session.Result run(Session session) {
            return new Session.Result(Arrays.stream(Workload.Small.values())
                    .map(w -> session.compare(w, session.threads(), Plan.OVERHEAD)).toList());
        }
    },
    /** Memory of a training step. */
    MEMORY {
        @Override
        Session.Result run(Session session) throws Exception {
            return MemorySuite.run(session);
        }
    };

    abstract Session.Result run(Session session) throws Exception;

    /** As the command line calls it. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The suites that a word of the command line means; none if it is unknown. */
    static List<Suite> named(String word) {
        return Arrays.stream(values()).filter(s -> word.equals("all") || word.equals(s.text())).toList();
    }

    static String names() {
        return Arrays.stream(values()).map(Suite::text).collect(Collectors.joining(", "));
    }
}
