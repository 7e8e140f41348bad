package dev.ricci.tensor;

import dev.ricci.tensor.op.Contraction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Matrix products and Einstein sums in terms of the one matmul op. */
final class Products {
    private static final Contraction.MatMul MATMUL = new Contraction.MatMul();

    private Products() {
    }

    static Tensor matmul(Tensor a, Tensor b) {
        if (a.rank() == 0 || b.rank() == 0) {
            throw new ShapeException("matmul: operands must have rank 1 or more, got " + a.shape() + " and "
                    + b.shape() + "; use mul for scalars");
        }
        if (a.rank() == 1) {
            return matmul(a.unsqueeze(0), b).squeeze(b.rank() == 1 ? 0 : -2);
        }
        if (b.rank() == 1) {
            return matmul(a, b.unsqueeze(1)).squeeze(-1);
        }
        if (b.rank() == 2 && a.rank() > 2 && a.dim(-1) == b.dim(0) && !a.shape().isEmpty()) {
            // One tall product instead of a batch of small ones; its gradient needs no sum over the batch.
            Tensor tall = Dispatch.run(MATMUL, a.reshape(-1, a.dim(-1)), b);
            return tall.reshape(a.shape().with(-1, b.dim(1)));
        }
        if (a.rank() == 2 && b.rank() == 2 || a.dim(-1) != b.dim(-2)) {
            return Dispatch.run(MATMUL, a, b);
        }
        Shape batch = a.shape().sub(0, a.rank() - 2).broadcast("matmul", b.shape().sub(0, b.rank() - 2));
        return Dispatch.run(MATMUL, a.expand(batch.concat(a.shape().sub(a.rank() - 2, a.rank()))),
                b.expand(batch.concat(b.shape().sub(b.rank() - 2, b.rank()))));
    }

    static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        if (weight.rank() != 2) {
            throw new ShapeException("linear: weight must be [out, in], got " + weight.shape());
        }
        Tensor b = weight.transpose(0, 1);
        if (bias == null) {
            return matmul(x, b);
        }
        if (x.rank() == 2) {
            return Dispatch.run(MATMUL, x, b, bias);
        }
        if (x.rank() < 2 || x.shape().isEmpty() || x.dim(-1) != b.dim(0)) {
            return matmul(x, b).add(bias);
        }
        return Dispatch.run(MATMUL, x.reshape(-1, x.dim(-1)), b, bias).reshape(x.shape().with(-1, b.dim(1)));
    }

    /**
     * Contracts from left to right. Each pair becomes one batched matmul over (shared kept, left, summed) and (shared
     * kept, summed, right); letters that only one operand has and nobody needs later are summed out first.
     */
    static Tensor einsum(String equation, Tensor... operands) {
        String eq = equation.replace(" ", "");
        int arrow = eq.indexOf("->");
        String[] terms = (arrow < 0 ? eq : eq.substring(0, arrow)).split(",", -1);
        if (terms.length != operands.length || operands.length == 0) {
            throw new ShapeException("einsum: '" + equation + "' names " + terms.length + " operands, got "
                    + operands.length);
        }
        Map<Character, Integer> sizes = new LinkedHashMap<>();
        for (int i = 0; i < terms.length; i++) {
            for (char c : terms[i].toCharArray()) {
                // Before axes are counted, so that an ellipsis is not taken for three of them.
                if (!Character.isLetter(c)) {
                    throw new ShapeException("einsum: in '" + equation + "' '" + c + "' is not a letter; every axis is"
                            + " named, there is no ellipsis");
                }
            }
            if (terms[i].length() != operands[i].rank()) {
                throw new ShapeException("einsum: '" + terms[i] + "' in '" + equation + "' names " + terms[i].length()
                        + " axes, the operand has shape " + operands[i].shape());
            }
            for (int a = 0; a < terms[i].length(); a++) {
                char c = terms[i].charAt(a);
                int size = operands[i].dim(a);
                Integer known = sizes.putIfAbsent(c, size);
                if (known != null && known != size) {
                    throw new ShapeException("einsum: in '" + equation + "' axis '" + c + "' has sizes " + known
                            + " and " + size);
                }
            }
        }
        String result = arrow < 0 ? implicitResult(terms, sizes) : eq.substring(arrow + 2);
        for (int i = 0; i < result.length(); i++) {
            if (!sizes.containsKey(result.charAt(i)) || result.indexOf(result.charAt(i)) != i) {
                throw new ShapeException("einsum: '" + result.charAt(i) + "' in the result of '" + equation
                        + "' must occur in an operand, and once in the result");
            }
        }
        Term left = Term.of(terms[0], operands[0]);
        for (int i = 1; i < operands.length; i++) {
            StringBuilder later = new StringBuilder(result);
            for (int j = i + 1; j < operands.length; j++) {
                later.append(terms[j]);
            }
            left = contract(left, Term.of(terms[i], operands[i]), later.toString());
        }
        left = left.sumExcept(result);
        return left.order(result).tensor;
    }

    private static String implicitResult(String[] terms, Map<Character, Integer> sizes) {
        String all = String.join("", terms);
        StringBuilder once = new StringBuilder();
        sizes.keySet().stream().sorted().filter(c -> all.indexOf(c) == all.lastIndexOf(c)).forEach(once::append);
        return once.toString();
    }

    /** A tensor whose axes carry distinct letters. */
    private record Term(String axes, Tensor tensor) {
        /** Repeated letters take the diagonal. */
        static Term of(String axes, Tensor t) {
            StringBuilder names = new StringBuilder(axes);
            Tensor x = t;
            for (int i = 0; i < names.length(); i++) {
                int j;
                while ((j = names.indexOf(String.valueOf(names.charAt(i)), i + 1)) >= 0) {
                    x = diagonal(x, i, j);
                    names.deleteCharAt(j);
                }
            }
            return new Term(names.toString(), x);
        }

        /** The elements where axes i and j (i before j, equal sizes) agree, along axis i. */
        private static Tensor diagonal(Tensor x, int i, int j) {
            Tensor last = move(move(x, j, x.rank() - 1), i, x.rank() - 2);
            int n = last.dim(-1);
            Tensor flat = last.reshape(last.shape().remove(-1).with(-1, n * n));
            Tensor d = n == 0 ? flat : flat.slice(-1, 0, n * n, n + 1);
            return move(d, d.rank() - 1, i);
        }

        private static Tensor move(Tensor x, int from, int to) {
            List<Integer> order = new ArrayList<>();
            for (int a = 0; a < x.rank(); a++) {
                order.add(a);
            }
            order.add(to, order.remove(from));
            return x.permute(order.stream().mapToInt(Integer::intValue).toArray());
        }

        Term sumExcept(String kept) {
            StringBuilder names = new StringBuilder();
            List<Integer> gone = new ArrayList<>();
            for (int a = 0; a < axes.length(); a++) {
                if (kept.indexOf(axes.charAt(a)) < 0) {
                    gone.add(a);
                } else {
                    names.append(axes.charAt(a));
                }
            }
            return gone.isEmpty() ? this : new Term(names.toString(),
                    tensor.sum(gone.stream().mapToInt(Integer::intValue).toArray()));
        }

        Term order(String names) {
            int[] order = new int[names.length()];
            for (int a = 0; a < order.length; a++) {
                order[a] = axes.indexOf(names.charAt(a));
            }
            return names.equals(axes) ? this : new Term(names, tensor.permute(order));
        }

        Shape sizes(String names) {
            int[] d = new int[names.length()];
            for (int a = 0; a < d.length; a++) {
                d[a] = tensor.dim(axes.indexOf(names.charAt(a)));
            }
            return Shape.of(d);
        }
    }

    private static Term contract(Term a, Term b, String later) {
        Term x = a.sumExcept(later + b.axes);
        Term y = b.sumExcept(later + a.axes);
        StringBuilder batch = new StringBuilder();
        StringBuilder summed = new StringBuilder();
        StringBuilder left = new StringBuilder();
        StringBuilder right = new StringBuilder();
        for (char c : x.axes.toCharArray()) {
            boolean shared = y.axes.indexOf(c) >= 0;
            (!shared ? left : later.indexOf(c) >= 0 ? batch : summed).append(c);
        }
        for (char c : y.axes.toCharArray()) {
            if (x.axes.indexOf(c) < 0) {
                right.append(c);
            }
        }
        Shape batchShape = x.sizes(batch.toString());
        Shape leftShape = x.sizes(left.toString());
        Shape rightShape = y.sizes(right.toString());
        int k = x.sizes(summed.toString()).size();
        Tensor p = x.order("" + batch + left + summed).tensor.reshape(batchShape.size(), leftShape.size(), k);
        Tensor q = y.order("" + batch + summed + right).tensor.reshape(batchShape.size(), k, rightShape.size());
        Tensor product = matmul(p, q).reshape(batchShape.concat(leftShape).concat(rightShape));
        return new Term("" + batch + left + right, product);
    }
}
