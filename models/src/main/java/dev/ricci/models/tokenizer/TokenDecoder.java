package dev.ricci.models.tokenizer;

import java.util.List;

/**
 * Turns the tokens of ids back into text. A decoder is a value; {@link #start} makes the state of one sequence, which is
 * fed token by token and gives text as soon as it is certain: decoding a stream and decoding all at once are one code.
 */
sealed interface TokenDecoder {
    /** Takes tokens, whole or in pieces. */
    interface Stage {
        /** A piece of a token, the last one if {@code ends}. */
        void token(String piece, boolean ends);

        /** No token follows. */
        void end();
    }

    /** The state at the start of a sequence, which hands what it makes to the next stage. */
    Stage start(Stage next);

    /** How many times as long a token may become: a file from a stranger must not make gigabytes of it. */
    default double growth() {
        return 1;
    }

    /** The characters of the byte alphabet become bytes, and these, over all tokens, characters. */
    record ByteLevel() implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new ByteLevelStage(next);
        }
    }

    /** Tokens {@code <0x00>} to {@code <0xFF>} become bytes; those in a row characters, or U+FFFD each. */
    record ByteFallback() implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new ByteFallbackStage(next);
        }
    }

    /** Continuations lose their prefix, other tokens but the first get a space before them. */
    record WordPiece(String prefix, boolean cleanup) implements TokenDecoder {
        private static final String[][] CLEANUP = {{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"},
            {" n't", "n't"}, {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

        @Override
        public Stage start(Stage next) {
            return new EachToken(next) {
                @Override
                String map(String token, boolean first) {
                    String s = token;
                    if (!first) {
                        s = s.startsWith(prefix) ? s.substring(prefix.length()) : " " + s;
                    }
                    for (int i = 0; cleanup && i < CLEANUP.length; i++) {
                        s = s.replace(CLEANUP[i][0], CLEANUP[i][1]);
                    }
                    return s;
                }
            };
        }
    }

    /** The replacement becomes a space again; the first token loses it if encoding put it there. */
    record Metaspace(char replacement, boolean prepended) implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new EachToken(next) {
                @Override
                String map(String token, boolean first) {
                    return first && prepended ? token.replace(String.valueOf(replacement), "")
                            : token.replace(replacement, ' ');
                }
            };
        }
    }

    /** Every occurrence of a string in a token replaced. */
    record Replace(String from, String to) implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new ReplaceStage(from, to, next);
        }

        @Override
        public double growth() {
            return Math.max(1, (double) to.length() / from.length());
        }
    }

    /** Takes up to so many occurrences of a character off the ends of each token. */
    record Strip(int content, int left, int right) implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new StripStage(Character.toString(content), left, right, next);
        }
    }

    /** All tokens become one. */
    record Fuse() implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new Stage() {
                @Override
                public void token(String piece, boolean ends) {
                    next.token(piece, false);
                }

                @Override
                public void end() {
                    next.token("", true);
                    next.end();
                }
            };
        }
    }

    /** A space between tokens: what is done without a decoder. */
    record Join() implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            return new EachToken(next) {
                @Override
                String map(String token, boolean first) {
                    return first ? token : " " + token;
                }
            };
        }
    }

    /** One after the other. */
    record Sequence(List<TokenDecoder> steps) implements TokenDecoder {
        @Override
        public Stage start(Stage next) {
            Stage stage = next;
            for (TokenDecoder step : steps.reversed()) {
                stage = step.start(stage);
            }
            return stage;
        }

        @Override
        public double growth() {
            return steps.stream().mapToDouble(TokenDecoder::growth).reduce(1, (a, b) -> a * b);
        }
    }
}
