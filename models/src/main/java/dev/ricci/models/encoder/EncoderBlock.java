package dev.ricci.models.encoder;

import dev.ricci.models.encoder.TokenBatch.Block;
import dev.ricci.nn.Activation;
import dev.ricci.nn.Dropout;
import dev.ricci.nn.Layer;
import dev.ricci.nn.LayerNorm;
import dev.ricci.nn.Linear;
import dev.ricci.nn.init.Initializer;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Rng;
import dev.ricci.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * One block, its norms behind the residual sums (Devlin et al. 2019, after Vaswani et al. 2017, section 3.1):
 * y = norm(x + attention(x)), norm(y + out(activation(in(y)))). Children as Hugging Face's BERT names them.
 */
final class EncoderBlock extends Layer {
    private final Attention attention;
    private final Intermediate intermediate;
    private final Output output;
    private final Activation activation;

    EncoderBlock(EncoderConfig c, Initializer weights, Rng rng) {
        attention = child("attention", new Attention(c, weights, rng.split("attention")));
        intermediate = child("intermediate", new Intermediate(c, weights, rng.split("intermediate")));
        output = child("output", new Output(c, c.hidden(), weights, rng.split("output")));
        activation = c.activation();
    }

    /** [N, C] to [N, C]. */
    Tensor attend(Tensor x, TokenBatch batch) {
        return attention.forward(x, batch);
    }

    /** [N, C] to [N, C]. */
    Tensor feedForward(Tensor y) {
        return output.forward(activation.forward(intermediate.dense.forward(y)), y);
    }

    private static final class Intermediate extends Layer {
        private final Linear dense;

        Intermediate(EncoderConfig c, Initializer weights, Rng rng) {
            dense = child("dense", new Linear(c.width(), c.hidden(), true, weights, rng.split("dense")));
        }
    }

    /** A projection back to the width, added to what went in, and the norm. */
    private static final class Output extends Layer {
        private final Linear dense;
        private final Dropout dropout;
        private final LayerNorm norm;

        Output(EncoderConfig c, int in, Initializer weights, Rng rng) {
            dense = child("dense", new Linear(in, c.width(), true, weights, rng.split("dense")));
            norm = child("LayerNorm", new LayerNorm(c.width(), c.normEps(), true));
            dropout = new Dropout(c.dropout());
        }

        Tensor forward(Tensor x, Tensor residual) {
            return norm.forward(dropout.forward(dense.forward(x)).add(residual));
        }
    }

    private static final class Attention extends Layer {
        private final Projections projections;
        private final Output output;
        private final int heads;

        Attention(EncoderConfig c, Initializer weights, Rng rng) {
            projections = child("self", new Projections(c, weights, rng.split("self")));
            output = child("output", new Output(c, c.width(), weights, rng.split("output")));
            heads = c.heads();
        }

        /** Each sequence sees itself alone, whole: those of one length are one call, and nothing is padded. */
        Tensor forward(Tensor x, TokenBatch batch) {
            Tensor q = projections.query.forward(x);
            Tensor k = projections.key.forward(x);
            Tensor v = projections.value.forward(x);
            List<Tensor> parts = new ArrayList<>();
            for (Block b : batch.blocks()) {
                parts.add(Functional.attention(heads(q, b), heads(k, b), heads(v, b), false).permute(0, 2, 1, 3)
                        .reshape(b.tokens(), x.dim(1)));
            }
            return output.forward(parts.size() == 1 ? parts.getFirst() : Tensor.cat(0, parts), x);
        }

        /** The tokens of a block, [N, C] to [count, H, length, D]. */
        private Tensor heads(Tensor x, Block b) {
            return x.slice(0, b.from(), b.from() + b.tokens()).reshape(b.count(), b.length(), heads, x.dim(1) / heads)
                    .permute(0, 2, 1, 3);
        }
    }

    private static final class Projections extends Layer {
        private final Linear query;
        private final Linear key;
        private final Linear value;

        Projections(EncoderConfig c, Initializer weights, Rng rng) {
            query = child("query", new Linear(c.width(), c.width(), true, weights, rng.split("query")));
            key = child("key", new Linear(c.width(), c.width(), true, weights, rng.split("key")));
            value = child("value", new Linear(c.width(), c.width(), true, weights, rng.split("value")));
        }
    }
}
