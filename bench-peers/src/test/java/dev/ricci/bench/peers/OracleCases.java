package dev.ricci.bench.peers;

import static dev.ricci.bench.peers.OracleCase.fixed;
import static dev.ricci.bench.peers.OracleCase.ids;
import static dev.ricci.bench.peers.OracleCase.normal;
import static dev.ricci.bench.peers.OracleCase.positive;

import dev.ricci.bench.peers.OracleCase.Input;
import dev.ricci.nn.Losses;
import dev.ricci.tensor.Functional;
import dev.ricci.tensor.Linalg;
import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.Contraction.Window;
import dev.ricci.tensor.op.UnaryKind;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** The operations that are compared with libtorch's. */
final class OracleCases {
    private final List<OracleCase> cases = new ArrayList<>();

    private OracleCases() {
    }

    static List<OracleCase> all() {
        OracleCases c = new OracleCases();
        c.elementwise();
        c.binary();
        c.reductions();
        c.products();
        c.movement();
        c.indexing();
        c.norms();
        c.losses();
        c.attention();
        c.convolutions();
        c.pooling();
        c.linearAlgebra();
        return c.cases;
    }

    private void add(String name, String torch, Function<Tensor[], Tensor> ours, Input... inputs) {
        cases.add(new OracleCase(name, List.of(inputs), torch, ours));
    }

    private void unary(String name, String torch, UnaryOperator<Tensor> ours, Input input) {
        add(name, torch, in -> ours.apply(in[0]), input);
    }

    private void elementwise() {
        unary("neg", "torch.neg(a)", Tensor::neg, normal(3, 5));
        unary("abs", "torch.abs(a)", Tensor::abs, normal(3, 5));
        unary("sign", "torch.sign(a)", Tensor::sign, fixed(3, 5));
        unary("square", "torch.square(a)", Tensor::square, normal(3, 5));
        unary("exp", "torch.exp(a)", Tensor::exp, normal(3, 5));
        unary("expm1", "torch.expm1(a)", Tensor::expm1, normal(3, 5));
        unary("log", "torch.log(a)", Tensor::log, positive(3, 5));
        unary("log1p", "torch.log1p(a)", Tensor::log1p, positive(3, 5));
        unary("sqrt", "torch.sqrt(a)", Tensor::sqrt, positive(3, 5));
        unary("rsqrt", "torch.rsqrt(a)", Tensor::rsqrt, positive(3, 5));
        unary("reciprocal", "torch.reciprocal(a)", Tensor::reciprocal, positive(3, 5));
        unary("sin", "torch.sin(a)", Tensor::sin, normal(3, 5));
        unary("cos", "torch.cos(a)", Tensor::cos, normal(3, 5));
        unary("tanh", "torch.tanh(a)", Tensor::tanh, normal(3, 5));
        unary("sigmoid", "torch.sigmoid(a)", Tensor::sigmoid, normal(3, 5));
        unary("relu", "torch.relu(a)", Tensor::relu, normal(3, 5));
        unary("gelu", "torch.gelu(a)", Tensor::gelu, normal(3, 50));
        unary("gelu, tanh", "torch.gelu(a, approximate=\"tanh\")", Tensor::geluTanh, normal(3, 50));
        unary("silu", "torch.silu(a)", Tensor::silu, normal(3, 5));
        unary("softplus", "torch.softplus(a, 1, 50)", Tensor::softplus, normal(3, 5));
        unary("erf", "torch.erf(a)", Tensor::erf, normal(3, 50));
        unary("floor", "torch.floor(a)", Tensor::floor, fixed(3, 5));
        unary("ceil", "torch.ceil(a)", Tensor::ceil, fixed(3, 5));
        unary("round", "torch.round(a)", Tensor::round, fixed(3, 50));
        unary("round, halves to even", "torch.round(torch.div(torch.round(a), 2))", x -> x.round().div(2).round(),
                fixed(3, 50));
        unary("clamp", "torch.clamp(a, -1.5, 2.)", x -> x.clamp(-1.5, 2), normal(3, 50));
        unary("pow, cube", "torch.pow(a, 3)", x -> x.pow(3), normal(3, 5));
    }

    private void two(String name, BinaryOperator<Tensor> ours, Input a, Input b) {
        add(name, "torch." + name + "(a, b)", in -> ours.apply(in[0], in[1]), a, b);
    }

    private void compare(String name, BinaryOperator<Tensor> ours) {
        add(name, "torch.to(torch." + name + "(torch.round(a), torch.round(b)), 7)",
                in -> ours.apply(in[0].round(), in[1].round()).to(in[0].dtype()), fixed(4, 1, 6), fixed(3, 1));
    }

    private void binary() {
        two("add", Tensor::add, normal(4, 1, 3), normal(5, 1));
        two("sub", Tensor::sub, normal(4, 1, 3), normal(5, 1));
        two("mul", Tensor::mul, normal(4, 1, 3), normal(5, 1));
        two("div", Tensor::div, normal(4, 1, 3), positive(5, 1));
        two("pow", Tensor::pow, positive(4, 1, 3), normal(5, 1));
        two("maximum", Tensor::maximum, normal(4, 1, 3), normal(5, 1));
        two("minimum", Tensor::minimum, normal(4, 1, 3), normal(5, 1));
        two("remainder", Tensor::mod, normal(4, 1, 3), positive(5, 1));
        add("remainder, negative divisor", "torch.remainder(a, torch.neg(b))", in -> in[0].mod(in[1].neg()),
                normal(4, 1, 3), positive(5, 1));
        compare("eq", Tensor::eq);
        compare("ne", Tensor::ne);
        compare("lt", Tensor::lt);
        compare("le", Tensor::le);
        compare("gt", Tensor::gt);
        compare("ge", Tensor::ge);
        add("where", "torch.where(torch.gt(c, 0), a, b)", in -> in[2].gt(0).where(in[0], in[1]), normal(4, 3),
                normal(3), fixed(2, 4, 1));
        add("masked_fill", "torch.masked_fill(a, torch.gt(b, 0), -2.5)", in -> in[0].maskedFill(in[1].gt(0), -2.5),
                normal(2, 4, 3), fixed(4, 1));
    }

    private void reductions() {
        unary("sum", "torch.sum(a, [0, 2])", x -> x.sum(0, 2), normal(3, 4, 5));
        unary("sum of all", "torch.sum(a)", Tensor::sum, normal(3, 4, 5));
        unary("mean", "torch.mean(a, [1])", x -> x.mean(1), normal(3, 4, 5));
        unary("prod", "torch.prod(a, 1)", x -> x.prod(1), normal(3, 4, 5));
        unary("amax", "torch.amax(a, [0, 2])", x -> x.max(0, 2), normal(3, 4, 5));
        unary("amin", "torch.amin(a, [1], True)", x -> x.minKeepDims(1), normal(3, 4, 5));
        unary("amax, ties", "torch.amax(torch.relu(a), [1])", x -> x.relu().max(1), normal(30, 3));
        unary("logsumexp", "torch.logsumexp(torch.mul(a, 30), [0, 2])", x -> x.mul(30).logSumExp(0, 2),
                normal(3, 4, 5));
        unary("var, Bessel", "torch.var(a, [1, 2], correction=1)", x -> x.variance(1, 1, 2), normal(3, 4, 5));
        unary("var", "torch.var(a, [0], correction=0)", x -> x.variance(0, 0), normal(3, 4, 5));
        unary("argmax", "torch.to(torch.argmax(a, 1), 7)", x -> x.argmax(1).to(x.dtype()), fixed(3, 7, 5));
        unary("argmin", "torch.to(torch.argmin(a, 0), 7)", x -> x.argmin(0).to(x.dtype()), fixed(3, 7, 5));
        unary("any", "torch.to(torch.any(torch.gt(a, 4), 1), 7)", x -> x.gt(4).any(1).to(x.dtype()), fixed(30, 4));
        unary("all", "torch.to(torch.all(torch.gt(a, -4), 1), 7)", x -> x.gt(-4).all(1).to(x.dtype()), fixed(30, 4));
        unary("cumsum", "torch.cumsum(a, 1)", x -> x.cumsum(1), normal(3, 9, 5));
        unary("softmax", "torch.softmax(torch.mul(a, 10), -1)", x -> x.mul(10).softmax(-1), normal(3, 4, 37));
        unary("softmax, axis 0", "torch.softmax(a, 0)", x -> x.softmax(0), normal(7, 4, 5));
        unary("log_softmax", "torch.log_softmax(torch.mul(a, 10), -1)", x -> x.mul(10).logSoftmax(-1),
                normal(3, 4, 37));
        unary("log_softmax, axis 1", "torch.log_softmax(a, 1)", x -> x.logSoftmax(1), normal(3, 8, 5));
    }

    private void einsum(String equation, Input... inputs) {
        String operands = "abc".substring(0, inputs.length).replaceAll("(?<=.)(?=.)", ", ");
        add("einsum " + equation, "torch.einsum(\"" + equation + "\", [" + operands + "])",
                in -> Tensor.einsum(equation, in), inputs);
    }

    private void products() {
        two("matmul", Tensor::matmul, normal(17, 33), normal(33, 19));
        add("matmul, batches broadcast", "torch.matmul(a, b)", in -> in[0].matmul(in[1]), normal(3, 1, 4, 6),
                normal(2, 6, 5));
        add("matmul, transposed", "torch.matmul(torch.transpose(a, 0, 1), torch.transpose(b, 0, 1))",
                in -> in[0].transpose(0, 1).matmul(in[1].transpose(0, 1)), normal(33, 17), normal(19, 33));
        einsum("bij,bjk->bik", normal(2, 3, 4), normal(2, 4, 5));
        einsum("bhtd,bhsd->bhts", normal(2, 2, 3, 4), normal(2, 2, 5, 4));
        einsum("ij,kj->ikj", normal(3, 4), normal(5, 4));
        einsum("ii->i", normal(4, 4));
        einsum("ij,jk,kl->il", normal(3, 4), normal(4, 5), normal(5, 2));
        einsum("ij->", normal(3, 4));
    }

    private void movement() {
        unary("reshape of permute", "torch.reshape(torch.permute(a, [2, 0, 1]), [10, 6])",
                x -> x.permute(2, 0, 1).reshape(10, 6), normal(3, 4, 5));
        unary("slice with steps", "torch.slice(torch.slice(a, 0, 1, 7, 3), 1, 0, 4, 2)",
                x -> x.slice(0, 1, 7, 3).slice(1, 0, 4, 2), normal(8, 5));
        unary("select", "torch.select(a, 1, 2)", x -> x.select(1, 2), normal(3, 4, 5));
        unary("pad", "torch.constant_pad_nd(a, [2, 1], 1.5)", x -> x.pad(1, 2, 1, 1.5), normal(3, 4));
        add("cat", "torch.cat([a, b, a], 1)", in -> Tensor.cat(1, in[0], in[1], in[0]), normal(3, 4), normal(3, 2));
        add("stack", "torch.stack([a, b], 1)", in -> Tensor.stack(1, List.of(in)), normal(3, 4), normal(3, 4));
        unary("split", "b, c, d = torch.split_with_sizes(a, [2, 3, 1], 1)\n"
                + "return torch.matmul(b, torch.mul(c[:2], d[:2]))",
                x -> {
                    List<Tensor> parts = x.split(1, 2, 3, 1);
                    return parts.get(0).matmul(parts.get(1).slice(0, 0, 2).mul(parts.get(2).slice(0, 0, 2)));
                }, normal(4, 6));
        unary("flip", "torch.flip(a, [0, 2])", x -> x.flip(0, 2), normal(3, 4, 5));
        unary("repeat", "torch.repeat(a, [1, 3])", x -> x.repeat(1, 3), normal(3, 4));
        unary("expand", "torch.mul(torch.expand(a, [4, 3, 5]), torch.expand(a, [4, 3, 5]))",
                x -> x.expand(4, 3, 5).square(), normal(3, 1));
        unary("tril", "torch.tril(a, -1)", x -> x.tril(-1), normal(2, 5, 4));
        unary("triu", "torch.triu(a, 1)", x -> x.triu(1), normal(2, 4, 5));
    }

    private void indexing() {
        add("gather", "torch.gather(a, 1, b)", in -> in[0].gather(1, in[1]), normal(3, 5), ids(5, 3, 8));
        add("scatter_add", "torch.scatter_add(a, 0, b, c)", in -> in[0].scatterAdd(0, in[1], in[2]), normal(4, 5),
                ids(4, 6, 5), normal(6, 5));
        add("index_select", "torch.index_select(a, 1, b)", in -> in[0].indexSelect(1, in[1]), normal(3, 5, 2),
                ids(5, 9));
        add("embedding", "torch.embedding(a, b)", in -> Functional.embedding(in[0], in[1]), normal(7, 5),
                ids(7, 4, 6));
        add("one_hot", "torch.to(torch.one_hot(b, 6), 7)", in -> in[1].oneHot(6).to(in[0].dtype()), fixed(1),
                ids(6, 3, 4));
        unary("topk", "b, c = torch.topk(a, 3, 1, True, True)\nreturn b", x -> x.topK(3, 1).get(0), normal(4, 9));
        unary("topk, smallest", "b, c = torch.topk(a, 3, 1, False, True)\nreturn b",
                x -> x.topK(3, 1, false).get(0), normal(4, 9));
        unary("topk, indices", "b, c = torch.topk(a, 3, 1, True, True)\nreturn torch.to(c, 7)",
                x -> x.topK(3, 1).get(1).to(x.dtype()), fixed(4, 9));
        unary("sort", "b, c = torch.sort(a, 0, False)\nreturn b", x -> x.sort(0, false).get(0), normal(9, 4));
        unary("sort, descending", "b, c = torch.sort(a, 1, True)\nreturn b", x -> x.sort(1, true).get(0),
                normal(4, 9));
        unary("argsort", "torch.to(torch.argsort(a, 1, True), 7)", x -> x.argsort(1, true).to(x.dtype()),
                fixed(4, 9));
    }

    private void norms() {
        add("layer_norm", "torch.layer_norm(a, [33], b, c, 1e-05, False)",
                in -> Functional.layerNorm(in[0], in[1], in[2], 1e-5), normal(4, 3, 33), normal(33), normal(33));
        add("layer_norm, no bias", "torch.layer_norm(a, [8], b, None, 0.1, False)",
                in -> Functional.layerNorm(in[0], in[1], null, 0.1), normal(5, 8), normal(8));
        add("rms_norm", "torch.rms_norm(a, [33], b, 1e-05)", in -> Functional.rmsNorm(in[0], in[1], 1e-5),
                normal(4, 3, 33), normal(33));
    }

    private void losses() {
        add("cross_entropy", "torch.cross_entropy_loss(a, b)", in -> Functional.crossEntropy(in[0], in[1]),
                normal(12, 7), ids(7, 12));
        add("cross_entropy, ignore index, label smoothing", "torch.cross_entropy_loss(a, b, None, 1, 3, 0.2)",
                in -> Functional.crossEntropy(in[0], in[1], null, 3, 0.2), normal(40, 7), ids(7, 40));
        add("cross_entropy of each token", "torch.cross_entropy_loss(a, b, None, 0, 3, 0.2)",
                in -> Functional.tokenCrossEntropy(in[0], in[1], 3, 0.2), normal(40, 7), ids(7, 40));
        add("cross_entropy, weights of tokens", "w = torch.masked_fill(c, torch.eq(b, 3), 0.)\n"
                + "return torch.div(torch.sum(torch.mul(torch.cross_entropy_loss(a, b, None, 0, 3), w)), torch.sum(w))",
                in -> Functional.crossEntropy(in[0], in[1], in[2], 3, 0), normal(40, 7), ids(7, 40), positive(40));
        add("linear_cross_entropy", "torch.cross_entropy_loss(torch.linear(a, b), c, None, 1, 3, 0.2)",
                in -> Functional.linearCrossEntropy(in[0], in[1], in[2], null, 3, 0.2), normal(40, 5), normal(7, 5),
                ids(7, 40));
        add("linear", "torch.linear(a, b, c)", in -> Functional.linear(in[0], in[1], in[2]), normal(4, 9, 5),
                normal(7, 5), normal(7));
        add("silu_gate", "torch.mul(torch.silu(a), b)", in -> Functional.gate(UnaryKind.SILU, in[0], in[1]),
                normal(9, 6), normal(9, 6));
        add("mse", "torch.mse_loss(a, b)", in -> Losses.mse(in[0], in[1]), normal(5, 6), normal(5, 6));
        add("l1", "torch.l1_loss(a, b)", in -> Losses.l1(in[0], in[1]), normal(5, 6), normal(5, 6));
        add("huber", "torch.huber_loss(a, b, 1, 1.7)", in -> Losses.huber(1.7).apply(in[0], in[1]), normal(9, 6),
                normal(9, 6));
        add("binary_cross_entropy_with_logits",
                "torch.binary_cross_entropy_with_logits(torch.mul(a, 10), torch.sigmoid(b))",
                in -> Losses.binaryCrossEntropyWithLogits(in[0].mul(10), in[1].sigmoid()), normal(9, 6), fixed(9, 6));
        add("kl_div", "torch.div(torch.kl_div(torch.log_softmax(a, -1), torch.log_softmax(b, -1), 2, log_target=True),"
                + " torch.size(a, 0))", in -> Losses.klDivergence(in[0].logSoftmax(-1), in[1].logSoftmax(-1)),
                normal(5, 6), normal(5, 6));
        add("cosine_similarity", "torch.cosine_similarity(a, b, -1, 1e-08)",
                in -> Losses.cosineSimilarity(in[0], in[1]), normal(5, 6), normal(5, 6));
        add("cosine_embedding_loss", "torch.cosine_embedding_loss(a, b, torch.sign(c), 0.1)",
                in -> Losses.cosineEmbedding(in[0], in[1], in[2].sign(), 0.1), normal(9, 6), normal(9, 6), fixed(9));
    }

    private static final Input Q = normal(2, 4, 5, 8);
    private static final Input K = normal(2, 2, 7, 8);

    private void attention() {
        String grouped = ", 0., %s, scale=0.3, enable_gqa=True)";
        add("attention", "torch.scaled_dot_product_attention(a, b, c, None" + grouped.formatted("False"),
                in -> Functional.attention(in[0], in[1], in[2], null, 0.3, false, 0), Q, K, K);
        add("attention, causal", "torch.scaled_dot_product_attention(a, b, c, None, 0., True)",
                in -> Functional.attention(in[0], in[1], in[2], true), normal(2, 3, 70, 8), normal(2, 3, 70, 8),
                normal(2, 3, 70, 8));
        add("attention, values of another width", "torch.scaled_dot_product_attention(a, b, c)",
                in -> Functional.attention(in[0], in[1], in[2], false), normal(2, 3, 5, 8), normal(2, 3, 7, 8),
                normal(2, 3, 7, 6));
        // Every query sees the first key at least.
        add("attention, boolean mask", "first = torch.eq(torch.cumsum(torch.ones_like(d), 1), 1.)\n"
                + "m = torch.logical_or(torch.gt(d, 0), first)\n"
                + "return torch.scaled_dot_product_attention(a, b, c, m" + grouped.formatted("False"),
                in -> Functional.attention(in[0], in[1], in[2], in[3].gt(0).logicalOr(
                        Tensor.arange(7).eq(0).expand(5, 7)), 0.3, false, 0), Q, K, K, fixed(5, 7));
        add("attention, additive mask", "torch.scaled_dot_product_attention(a, b, c, d" + grouped.formatted("False"),
                in -> Functional.attention(in[0], in[1], in[2], in[3], 0.3, false, 0), Q, K, K, fixed(2, 1, 5, 7));
        add("attention, causal, sliding window", "o = torch.ones([9, 9], dtype=11)\n"
                + "m = torch.logical_and(torch.tril(o), torch.triu(o, -2))\n"
                + "return torch.scaled_dot_product_attention(a, b, c, m" + grouped.formatted("False"),
                in -> Functional.attention(in[0], in[1], in[2], null, 0.3, true, 3), normal(2, 4, 9, 8),
                normal(2, 2, 9, 8), normal(2, 2, 9, 8));
        add("rotary, halves", "f, g = torch.chunk(a, 2, -1)\n"
                + "return torch.cat([torch.sub(torch.mul(f, torch.cos(b)), torch.mul(g, torch.sin(b))),"
                + " torch.add(torch.mul(g, torch.cos(b)), torch.mul(f, torch.sin(b)))], -1)",
                in -> Functional.rotary(in[0], Tensor.arange(5), in[1].cos(), in[1].sin(), false), normal(2, 3, 5, 8),
                fixed(5, 4));
        add("rotary, interleaved", "f = torch.slice(a, 3, 0, None, 2)\ng = torch.slice(a, 3, 1, None, 2)\n"
                + "return torch.flatten(torch.stack([torch.sub(torch.mul(f, torch.cos(b)), torch.mul(g, torch.sin(b))),"
                + " torch.add(torch.mul(g, torch.cos(b)), torch.mul(f, torch.sin(b)))], -1), 3)",
                in -> Functional.rotary(in[0], Tensor.arange(5), in[1].cos(), in[1].sin(), true), normal(2, 3, 5, 8),
                fixed(5, 4));
    }

    private void conv2d(String name, Window w, int groups, Input x, Input weight, Input bias) {
        add("conv2d, " + name, "torch.conv2d(a, b, c, [%d, %d], [%d, %d], [%d, %d], %d)".formatted(w.strideH(),
                w.strideW(), w.padH(), w.padW(), w.dilationH(), w.dilationW(), groups),
                in -> Functional.conv2d(in[0], in[1], in[2], w, groups), x, weight, bias);
    }

    private void conv1d(String name, int stride, int padding, int dilation, int groups, Input x, Input weight,
            Input bias) {
        add("conv1d, " + name, "torch.conv1d(a, b, c, [%d], [%d], [%d], %d)".formatted(stride, padding, dilation,
                groups), in -> Functional.conv1d(in[0], in[1], in[2], stride, padding, dilation, groups), x, weight,
                bias);
    }

    private void convolutions() {
        conv1d("plain", 1, 0, 1, 1, normal(2, 3, 11), normal(4, 3, 3), normal(4));
        conv1d("stride and padding", 2, 1, 1, 1, normal(2, 3, 11), normal(4, 3, 3), normal(4));
        conv1d("dilation", 1, 2, 2, 1, normal(2, 3, 11), normal(4, 3, 3), normal(4));
        conv1d("groups", 2, 1, 2, 2, normal(2, 4, 11), normal(6, 2, 3), normal(6));
        conv1d("depthwise", 1, 1, 1, 4, normal(2, 4, 11), normal(4, 1, 3), normal(4));
        conv2d("plain", Window.of(1, 0), 1, normal(2, 3, 6, 7), normal(4, 3, 3, 2), normal(4));
        conv2d("stride and padding", new Window(2, 1, 1, 0, 1, 1), 1, normal(2, 3, 7, 6), normal(4, 3, 3, 2),
                normal(4));
        conv2d("dilation", new Window(1, 2, 1, 2, 2, 3), 1, normal(2, 3, 8, 9), normal(4, 3, 3, 2), normal(4));
        conv2d("groups", new Window(2, 1, 1, 1, 1, 2), 2, normal(2, 4, 7, 6), normal(6, 2, 3, 2), normal(6));
        conv2d("one by one", Window.of(1, 0), 1, normal(2, 3, 5, 4), normal(4, 3, 1, 1), normal(4));
    }

    private void pooling() {
        add("max_pool2d", "torch.max_pool2d(a, [3, 2], [2, 1], [1, 0], [1, 2])",
                in -> Functional.maxPool2d(in[0], 3, 2, new Window(2, 1, 1, 0, 1, 2)), normal(2, 3, 7, 6));
        add("avg_pool2d", "torch.avg_pool2d(a, [3, 2], [2, 1], [1, 1])",
                in -> Functional.avgPool2d(in[0], 3, 2, new Window(2, 1, 1, 1, 1, 1)), normal(2, 3, 7, 6));
        add("max_pool1d", "torch.max_pool1d(a, [3], [2], [1])", in -> Functional.maxPool1d(in[0], 3, 2, 1),
                normal(2, 3, 8));
        add("avg_pool1d", "torch.avg_pool1d(a, [3], [2], [1])", in -> Functional.avgPool1d(in[0], 3, 2, 1),
                normal(2, 3, 8));
    }

    private static final String GRAM =
            "s = torch.add(torch.matmul(a, torch.transpose(a, -2, -1)), torch.mul(torch.eye(4, dtype=7), 3))\n";

    private static Tensor gram(Tensor a) {
        return a.matmul(a.transpose(-2, -1)).add(Tensor.eye(4).mul(3).to(a.dtype()));
    }

    private void linearAlgebra() {
        unary("cholesky", GRAM + "return torch.linalg_cholesky(s)", x -> Linalg.cholesky(gram(x)), positive(2, 4, 4));
        add("cholesky_solve", GRAM + "return torch.linalg_solve(s, b)",
                in -> Linalg.choleskySolve(gram(in[0]), in[1]), positive(2, 4, 4), normal(2, 4, 3));
        add("triangular_solve", "torch.linalg_solve_triangular(torch.tril(a), b, upper=False)",
                in -> Linalg.triangularSolve(in[0].tril(0), in[1], false, false), positive(2, 4, 4), normal(2, 4, 3));
        unary("eigenvalues", GRAM + "v, w = torch.linalg_eigh(s)\nreturn v",
                x -> Linalg.symmetricEigen(gram(x)).values(), positive(2, 4, 4));
        unary("eigenvectors, squared", GRAM + "v, w = torch.linalg_eigh(s)\nreturn torch.square(w)",
                x -> Linalg.symmetricEigen(gram(x)).vectors().square(), positive(2, 4, 4));
        unary("singular values", "u, s, v = torch.linalg_svd(a, False)\nreturn s", x -> Linalg.svd(x).s(),
                fixed(2, 3, 5));
        unary("singular vectors, squared", "u, s, v = torch.linalg_svd(a, False)\nreturn torch.square(v)",
                x -> Linalg.svd(x).vt().square(), fixed(2, 3, 5));
    }
}
