package dev.ricci.tensor.reference;

import dev.ricci.tensor.Shape;
import dev.ricci.tensor.op.Movement;
import dev.ricci.tensor.spi.Operand;
import java.util.function.BiConsumer;

/** Each movement by its own index arithmetic, so that it can check the views that layouts make. */
final class ReferenceMovement {
    private ReferenceMovement() {
    }

    static void run(Movement op, Operand[] in, Operand[] out) {
        switch (op) {
            case Movement.Reshape o -> Dense.move(in[0], Dense.places(in[0].layout()), out[0]);
            case Movement.Copy o -> Dense.move(in[0], Dense.places(in[0].layout()), out[0]);
            case Movement.Permute o -> pull(in[0], out[0], (at, from) -> {
                for (int a = 0; a < at.length; a++) {
                    from[o.order().at(a)] = at[a];
                }
            });
            case Movement.Expand o -> pull(in[0], out[0], (at, from) -> {
                for (int a = 0; a < from.length; a++) {
                    from[a] = in[0].shape().dim(a) == 1 ? 0 : at[at.length - from.length + a];
                }
            });
            case Movement.Slice o -> pull(in[0], out[0], (at, from) -> {
                for (int a = 0; a < at.length; a++) {
                    from[a] = o.starts().at(a) + at[a] * o.steps().at(a);
                }
            });
            case Movement.Flip o -> pull(in[0], out[0], (at, from) -> {
                for (int a = 0; a < at.length; a++) {
                    from[a] = o.axes().contains(a) ? in[0].shape().dim(a) - 1 - at[a] : at[a];
                }
            });
            case Movement.SliceBackward o -> {
                Dense.zero(out[0]);
                push(in[0], out[0], (at, to) -> {
                    for (int a = 0; a < at.length; a++) {
                        to[a] = o.starts().at(a) + at[a] * o.steps().at(a);
                    }
                });
            }
            case Movement.Pad o -> {
                for (int n = 0; n < out[0].size(); n++) {
                    Dense.put(out[0], n, o.value());
                }
                push(in[0], out[0], (at, to) -> {
                    for (int a = 0; a < at.length; a++) {
                        to[a] = o.before().at(a) + at[a];
                    }
                });
            }
            case Movement.Cat o -> {
                int[] start = {0};
                for (Operand x : in) {
                    push(x, out[0], (at, to) -> {
                        System.arraycopy(at, 0, to, 0, at.length);
                        to[o.axis()] += start[0];
                    });
                    start[0] += x.shape().dim(o.axis());
                }
            }
            case Movement.Triangular o -> triangular(o, in[0], out[0]);
        }
    }

    /** Each element of the result from the element of x whose multi-index {@code source} writes. */
    private static void pull(Operand x, Operand out, BiConsumer<int[], int[]> source) {
        int[] from = new int[x.shape().rank()];
        Dense.forEach(out.shape(), (at, n) -> {
            source.accept(at, from);
            Dense.move(x, x.layout().index(from), out, n);
        });
    }

    /** Each element of x to the element of the result whose multi-index {@code target} writes. */
    private static void push(Operand x, Operand out, BiConsumer<int[], int[]> target) {
        int[] to = new int[out.shape().rank()];
        Dense.forEach(x.shape(), (at, n) -> {
            target.accept(at, to);
            Dense.move(x, x.layout().index(at), out, rowMajor(out.shape(), to));
        });
    }

    private static int rowMajor(Shape shape, int[] at) {
        int n = 0;
        for (int a = 0; a < at.length; a++) {
            n = n * shape.dim(a) + at[a];
        }
        return n;
    }

    private static void triangular(Movement.Triangular op, Operand x, Operand out) {
        Dense.forEach(out.shape(), (at, n) -> {
            long above = (long) at[at.length - 1] - at[at.length - 2];
            if (op.upper() ? above >= op.diagonal() : above <= op.diagonal()) {
                Dense.move(x, x.layout().index(at), out, n);
            } else {
                Dense.put(out, n, 0);
            }
        });
    }
}
