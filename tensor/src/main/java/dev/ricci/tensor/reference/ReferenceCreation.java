package dev.ricci.tensor.reference;

import dev.ricci.tensor.op.Creation;
import dev.ricci.tensor.spi.Operand;

/** Ops without inputs. */
final class ReferenceCreation {
    private ReferenceCreation() {
    }

    static void run(Creation op, Operand[] out) {
        switch (op) {
            case Creation.Full o -> {
                for (int n = 0; n < out[0].size(); n++) {
                    Dense.put(out[0], n, o.value());
                }
            }
            case Creation.Arange o -> {
                for (int n = 0; n < o.count(); n++) {
                    Dense.put(out[0], n, o.start() + n * o.step());
                }
            }
        }
    }
}
