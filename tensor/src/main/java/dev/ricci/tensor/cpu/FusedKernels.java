package dev.ricci.tensor.cpu;

import dev.ricci.tensor.DType;
import dev.ricci.tensor.cpu.rows.MicroKernel;
import dev.ricci.tensor.cpu.rows.Rows;
import dev.ricci.tensor.op.AttentionOp;
import dev.ricci.tensor.op.Contraction;
import dev.ricci.tensor.op.Loss;
import dev.ricci.tensor.op.Normalization;
import dev.ricci.tensor.op.StateUpdate;
import dev.ricci.tensor.spi.Operand;

/** The families whose ops do much in one: each F32 op to its kernel, others to the reference backend. */
final class FusedKernels {
    private final MatMulKernels matMul;
    private final ConvolutionKernels convolution;
    private final NormalizationKernels normalization;
    private final LossKernels loss;
    private final AttentionKernels attention;

    FusedKernels(Rows rows, MicroKernel micro) {
        Gemm gemm = new Gemm(micro);
        this.matMul = new MatMulKernels(gemm);
        this.convolution = new ConvolutionKernels(rows, gemm);
        this.normalization = new NormalizationKernels(rows);
        this.loss = new LossKernels(rows, gemm);
        this.attention = new AttentionKernels(rows, micro);
    }

    void run(Contraction op, Operand[] in, Operand[] out) {
        if (!CpuBackend.computesF32(in, out)) {
            CpuBackend.reference(op, in, out);
            return;
        }
        switch (op) {
            case Contraction.MatMul o -> matMul.run(in, out[0]);
            case Contraction.Conv2d o -> convolution.forward(o, in, out[0]);
            case Contraction.Conv2dBackwardInput o -> convolution.backwardInput(o, in, out[0]);
            case Contraction.Conv2dBackwardWeight o -> convolution.backwardWeight(o, in, out[0]);
            case Contraction.MaxPool2d o -> PoolingKernels.max(o, in[0], out);
            case Contraction.MaxPool2dBackward o -> PoolingKernels.maxBackward(o, in, out[0]);
            case Contraction.AvgPool2d o -> PoolingKernels.average(o, in[0], out[0]);
            case Contraction.AvgPool2dBackward o -> PoolingKernels.averageBackward(o, in, out[0]);
        }
    }

    void run(Normalization op, Operand[] in, Operand[] out) {
        if (CpuBackend.computesF32(in, out)) {
            normalization.run(op, in, out);
        } else {
            CpuBackend.reference(op, in, out);
        }
    }

    void run(AttentionOp op, Operand[] in, Operand[] out) {
        if (CpuBackend.computesF32(in, out)) {
            attention.run(op, in, out);
        } else {
            CpuBackend.reference(op, in, out);
        }
    }

    void run(Loss op, Operand[] in, Operand[] out) {
        if (CpuBackend.computesF32(in, out)) {
            loss.run(op, in, out);
        } else {
            CpuBackend.reference(op, in, out);
        }
    }

    void run(StateUpdate op, Operand[] in, Operand[] out) {
        if (out[0].dtype() == DType.F32) {
            StateUpdateKernels.run(op, in, out);
        } else {
            CpuBackend.reference(op, in, out);
        }
    }
}
