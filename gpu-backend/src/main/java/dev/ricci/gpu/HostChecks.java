package dev.ricci.gpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.BinaryKind;
import dev.ricci.tensor.op.Elementwise;
import dev.ricci.tensor.op.Indexing;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Op;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.IdCheck;
import dev.ricci.tensor.spi.Operand;
import java.util.Arrays;
import java.util.List;

/** What must be looked at on the host before a kernel runs: ids beyond their bounds, integer divisors of zero. */
final class HostChecks {
    private HostChecks() {
    }

    static void run(Op op, Operand[] in) {
        int at = operand(op, Arrays.stream(in).map(Operand::dtype).toList());
        if (at < 0) {
            return;
        }
        String name = op.name();
        Operand looked = in[at];
        switch (op) {
            case Indexing.Gather o -> IdCheck.read(name, "ids", looked, in[0].shape().dim(o.axis()));
            case Indexing.ScatterAdd o -> IdCheck.read(name, "ids", looked, in[0].shape().dim(o.axis()));
            case Indexing.IndexSelect o -> IdCheck.read(name, "ids", looked, in[0].shape().dim(o.axis()));
            case Indexing.IndexAdd o -> IdCheck.read(name, "ids", looked, o.to().dim(o.axis()));
            case Indexing.OneHot o -> IdCheck.read(name, "ids", looked, o.depth());
            case AttentionOp.Rotary o -> IdCheck.read(name, "positions", looked, in[2].shape().dim(0));
            case Loss.CrossEntropy o ->
                    IdCheck.readIgnoring(name, "targets", looked, in[0].shape().dim(1), o.ignoreIndex());
            case Loss.CrossEntropyBackward o ->
                    IdCheck.readIgnoring(name, "targets", looked, in[1].shape().dim(1), o.ignoreIndex());
            case Loss.LinearCrossEntropy o ->
                    IdCheck.readIgnoring(name, "targets", looked, in[1].shape().dim(0), o.ignoreIndex());
            case StateUpdate.WriteSlice o ->
                    IdCheck.start(name, looked, in[1].shape().dim(o.axis()), in[0].shape().dim(o.axis()));
            case Elementwise.Binary o -> divisors(name, looked);
            default -> throw new IllegalStateException(name + " has an operand to look at and no check");
        }
    }

    /** Which operand of an op is looked at, or -1. */
    static int operand(Op op, List<DType> in) {
        return switch (op) {
            case Indexing.Gather o -> 1;
            case Indexing.ScatterAdd o -> 1;
            case Indexing.IndexSelect o -> 1;
            case Indexing.IndexAdd o -> 0;
            case Indexing.OneHot o -> 0;
            case AttentionOp.Rotary o -> 1;
            case Loss.CrossEntropy o -> 1;
            case Loss.CrossEntropyBackward o -> 2;
            case Loss.LinearCrossEntropy o -> 2;
            case StateUpdate.WriteSlice o -> 2;
            case Elementwise.Binary o when !in.getFirst().isFloating()
                    && (o.kind() == BinaryKind.DIV || o.kind() == BinaryKind.MOD) -> 1;
            default -> -1;
        };
    }

    private static void divisors(String name, Operand b) {
        long[] values = new long[b.size()];
        int[] at = new int[b.shape().rank()];
        for (int n = 0; n < values.length; n++) {
            int i = b.layout().index(at);
            values[n] = switch (b.dtype()) {
                case I32 -> b.heap().ints()[i];
                case I64 -> b.heap().longs()[i];
                case F32, F64, F16, BF16, U8, BOOL -> 1;
            };
            for (int a = at.length - 1; a >= 0 && ++at[a] == b.shape().dim(a); a--) {
                at[a] = 0;
            }
        }
        IdCheck.divisors(name, values, b.shape());
    }
}
