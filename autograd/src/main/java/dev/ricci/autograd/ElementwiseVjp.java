package dev.ricci.autograd;

import dev.ricci.tensor.Tensor;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.UnaryKind;

/** Gradient rules of element-wise ops. */
final class ElementwiseVjp {
    private static final double TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);

    private ElementwiseVjp() {
    }

    static Tensor[] of(Elementwise op, Node n) {
        return switch (op) {
            case Elementwise.Unary u -> n.first(unary(u.kind(), n, n.gradient()));
            case Elementwise.UnaryBackward b -> activationBackward(b, n, n.gradient());
            case Elementwise.Gate g -> Tensor.applyAll(new Elementwise.GateBackward(g.kind()), n.gradient(), n.input(0),
                    n.input(1)).toArray(Tensor[]::new);
            case Elementwise.GateBackward g -> gateBackward(g.kind(), n);
            case Elementwise.Binary b -> binary(b.kind(), n, n.gradient());
            case Elementwise.Compare c -> n.none();
            case Elementwise.Where w -> where(n, n.gradient());
            case Elementwise.Cast c -> n.first(n.gradient().to(Backward.gradientSpec(n.spec(0)).dtype()));
        };
    }

    /** The gradient, or null for the functions whose derivative is 0 wherever there is one. */
    private static Tensor unary(UnaryKind kind, Node n, Tensor g) {
        return switch (kind) {
            case NEG -> g.neg();
            case ABS -> g.mul(n.input(0).sign());
            case SQUARE -> g.mul(n.input(0)).mul(2);
            case EXP -> g.mul(n.output(0));
            case EXPM1 -> g.mul(n.output(0).add(1));
            case LOG -> g.div(n.input(0));
            case LOG1P -> g.div(n.input(0).add(1));
            case SQRT -> g.div(n.output(0)).mul(0.5);
            case RSQRT -> g.mul(n.output(0)).mul(n.output(0).square()).mul(-0.5);
            case RECIPROCAL -> g.mul(n.output(0).square()).neg();
            case SIN -> g.mul(n.input(0).cos());
            case COS -> g.mul(n.input(0).sin()).neg();
            case TANH -> g.sub(g.mul(n.output(0).square()));
            case SIGMOID -> g.mul(n.output(0).sub(n.output(0).square()));
            case RELU -> g.maskedFill(n.output(0).le(0), 0);
            case GELU, GELU_TANH, SILU -> Tensor.apply(new Elementwise.UnaryBackward(kind), g, n.input(0));
            case SOFTPLUS -> g.mul(n.input(0).sigmoid());
            case ERF -> g.mul(n.input(0).square().neg().exp()).mul(TWO_BY_ROOT_PI);
            case SIGN, FLOOR, CEIL, ROUND, LOGICAL_NOT, IS_NAN, IS_FINITE -> null;
        };
    }

    /** Of grad * f'(x): linear in grad, and f''(x) for x. */
    private static Tensor[] activationBackward(Elementwise.UnaryBackward op, Node n, Tensor g) {
        Tensor grad = n.input(0);
        Tensor x = n.input(1);
        return new Tensor[] {n.needs(0) ? Tensor.apply(op, g, x) : null,
            n.needs(1) ? g.mul(grad).mul(secondDerivative(op.kind(), x)) : null};
    }

    /** Of (grad * up * f'(gate), grad * f(gate)), either of which may have no gradient. */
    private static Tensor[] gateBackward(UnaryKind kind, Node n) {
        Tensor grad = n.input(0);
        Tensor gate = n.input(1);
        Tensor up = n.input(2);
        Elementwise.UnaryBackward slope = new Elementwise.UnaryBackward(kind);
        Tensor[] found = n.none();
        Tensor g = n.gradient(0);
        if (g != null) {
            found[0] = n.needs(0) ? Tensor.apply(slope, g.mul(up), gate) : null;
            found[1] = n.needs(1) ? g.mul(grad).mul(up).mul(secondDerivative(kind, gate)) : null;
            found[2] = n.needs(2) ? Tensor.apply(slope, g.mul(grad), gate) : null;
        }
        Tensor h = n.gradient(1);
        if (h != null) {
            found[0] = n.needs(0) ? sum(found[0], h.mul(Tensor.apply(new Elementwise.Unary(kind), gate))) : null;
            found[1] = n.needs(1) ? sum(found[1], Tensor.apply(slope, h.mul(grad), gate)) : null;
        }
        return found;
    }

    private static Tensor sum(Tensor a, Tensor b) {
        return a == null ? b : a.add(b);
    }

    private static Tensor secondDerivative(UnaryKind kind, Tensor x) {
        return switch (kind) {
            case SILU -> {
                // f' = s + x s (1 - s), so f'' = s (1 - s) (2 + x (1 - 2 s))
                Tensor s = x.sigmoid();
                yield s.sub(s.square()).mul(x.mul(s.mul(-2).add(1)).add(2));
            }
            case GELU -> {
                // f' = Phi + x phi and phi' = -x phi, so f'' = phi (2 - x^2)
                Tensor phi = x.square().mul(-0.5).exp().mul(1 / Math.sqrt(2 * Math.PI));
                yield phi.mul(x.square().neg().add(2));
            }
            case GELU_TANH -> {
                // f = x (1 + t) / 2 with t = tanh(u), u = c (x + a x^3):
                // f'' = (1 - t^2) (u' + x (u'' / 2 - t u'^2))
                double c = Math.sqrt(2 / Math.PI);
                double a = 0.044715;
                Tensor t = x.mul(x.square().mul(a).add(1)).mul(c).tanh();
                Tensor du = x.square().mul(3 * a).add(1).mul(c);
                Tensor halfDdu = x.mul(3 * a * c);
                yield t.square().neg().add(1).mul(du.add(x.mul(halfDdu.sub(t.mul(du.square())))));
            }
            default -> throw new IllegalStateException("no activation gradient: " + kind);
        };
    }

    private static Tensor[] binary(BinaryKind kind, Node n, Tensor g) {
        boolean a = n.needs(0);
        boolean b = n.needs(1);
        return switch (kind) {
            case ADD -> new Tensor[] {g, g};
            case SUB -> new Tensor[] {g, b ? g.neg() : null};
            case MUL -> new Tensor[] {a ? g.mul(n.input(1)) : null, b ? g.mul(n.input(0)) : null};
            case DIV -> {
                Tensor da = g.div(n.input(1));
                yield new Tensor[] {da, b ? da.mul(n.input(0).div(n.input(1))).neg() : null};
            }
            case POW -> new Tensor[] {a ? powBase(n, g) : null, b ? powExponent(n, g) : null};
            case MAX -> extreme(n, g, n.input(0).lt(n.input(1)), n.input(0).gt(n.input(1)));
            case MIN -> extreme(n, g, n.input(0).gt(n.input(1)), n.input(0).lt(n.input(1)));
            case MOD -> new Tensor[] {g, b ? g.mul(n.input(0).div(n.input(1)).floor()).neg() : null};
            case LOGICAL_AND, LOGICAL_OR, LOGICAL_XOR -> n.none();
        };
    }

    /** b a^(b - 1), and 0 for b = 0 even where a is 0. */
    private static Tensor powBase(Node n, Tensor g) {
        Tensor b = n.input(1);
        Tensor less = b.maskedFill(b.eq(0), 1).sub(1);
        return g.mul(n.input(0).pow(less).mul(b));
    }

    /** a^b log(a), and 0 where a is 0. */
    private static Tensor powExponent(Node n, Tensor g) {
        Tensor zero = n.input(0).eq(0);
        Tensor log = n.input(0).maskedFill(zero, 1).log();
        return g.mul(n.output(0).mul(log)).maskedFill(zero, 0);
    }

    /** The chosen one takes the gradient, equals half each. */
    private static Tensor[] extreme(Node n, Tensor g, Tensor notFirst, Tensor notSecond) {
        Tensor share = n.input(0).eq(n.input(1)).where(g.mul(0.5), g);
        return new Tensor[] {n.needs(0) ? share.maskedFill(notFirst, 0) : null,
            n.needs(1) ? share.maskedFill(notSecond, 0) : null};
    }

    private static Tensor[] where(Node n, Tensor g) {
        Tensor holds = n.input(0);
        return new Tensor[] {null, n.needs(1) ? g.maskedFill(holds.logicalNot(), 0) : null,
            n.needs(2) ? g.maskedFill(holds, 0) : null};
    }
}
