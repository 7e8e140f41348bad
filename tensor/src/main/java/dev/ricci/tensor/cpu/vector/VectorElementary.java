package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.rows.Elementary.*;
import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.ricci.tensor.cpu.rows.Elementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link Elementary} on all lanes of a vector: the same operations in the same order, so the same bits per lane. Calls
 * of methods of this class come first in a method: what C2 does not inline because a compilation has grown large, it
 * boxes, while the Vector API's own methods it always inlines.
 */
final class VectorElementary {
    private VectorElementary() {
    }

    static FloatVector exp(FloatVector x) {
        FloatVector t = x.fma(broadcast(F, LOG2_E), broadcast(F, MAGIC));
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(broadcast(F, -LN2_LO), n.fma(broadcast(F, -LN2_HI), x));
        FloatVector p = r.fma(broadcast(F, E4), broadcast(F, E3));
        p = p.fma(r, broadcast(F, E2));
        p = p.fma(r, broadcast(F, E1));
        p = p.fma(r, broadcast(F, E0));
        p = p.fma(r, broadcast(F, 1));
        p = p.fma(r, broadcast(F, 1));
        IntVector k = t.reinterpretAsInts().sub(MAGIC_BITS);
        IntVector half = k.lanewise(VectorOperators.ASHR, 1);
        p = p.mul(Lanes.powerOfTwo(half)).mul(Lanes.powerOfTwo(k.sub(half)));
        return p.blend(Float.POSITIVE_INFINITY, x.compare(GT, EXP_MAX)).blend(0f, x.compare(LT, EXP_MIN));
    }

    static FloatVector expNormal(FloatVector x) {
        FloatVector t = x.fma(broadcast(F, LOG2_E), broadcast(F, MAGIC_BIASED));
        FloatVector n = t.sub(MAGIC_BIASED);
        FloatVector r = n.fma(broadcast(F, -LN2_LO), n.fma(broadcast(F, -LN2_HI), x));
        FloatVector p = r.fma(broadcast(F, E4), broadcast(F, E3));
        p = p.fma(r, broadcast(F, E2));
        p = p.fma(r, broadcast(F, E1));
        p = p.fma(r, broadcast(F, E0));
        p = p.fma(r, broadcast(F, 1));
        p = p.fma(r, broadcast(F, 1));
        return p.mul(t.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
                .blend(Float.POSITIVE_INFINITY, x.compare(GT, NORMAL_MAX)).blend(0f, x.compare(LT, NORMAL_MIN));
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector t = x.fma(broadcast(F, LOG2_E), broadcast(F, MAGIC));
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(broadcast(F, -LN2_LO), n.fma(broadcast(F, -LN2_HI), x));
        FloatVector p = r.fma(broadcast(F, M5), broadcast(F, M4));
        p = p.fma(r, broadcast(F, M3));
        p = p.fma(r, broadcast(F, M2));
        p = p.fma(r, broadcast(F, M1));
        p = p.fma(r, broadcast(F, 0.5f));
        FloatVector q = r.mul(r).fma(p, r);
        FloatVector s = Lanes.powerOfTwo(t.reinterpretAsInts().sub(MAGIC_BITS + 1));
        FloatVector y = q.fma(s, s.sub(0.5f)).mul(2f);
        return y.blend(x, x.abs().compare(LT, TINY)).blend(-1f, x.compare(LT, EXPM1_MIN))
                .blend(Float.POSITIVE_INFINITY, x.compare(GT, EXP_MAX));
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> denormal = x.compare(LT, Float.MIN_NORMAL);
        FloatVector v = x.blend(x.mul(0x1p23f), denormal);
        IntVector i = v.reinterpretAsInts().sub(SQRT_HALF_BITS);
        FloatVector k = ((FloatVector) i.lanewise(VectorOperators.ASHR, 23).convert(VectorOperators.I2F, 0))
                .add(broadcast(F, 0).blend(-23f, denormal));
        FloatVector f = i.lanewise(VectorOperators.AND, 0x7FFFFF).add(SQRT_HALF_BITS).reinterpretAsFloats().sub(1f);
        FloatVector s = f.div(f.add(2f));
        FloatVector z = s.mul(s);
        FloatVector p = z.fma(broadcast(F, G3), broadcast(F, G2));
        p = p.fma(z, broadcast(F, G1));
        p = p.fma(z, broadcast(F, G0));
        FloatVector h = f.mul(f).mul(0.5f);
        FloatVector y = s.fma(p.fma(z, h), k.mul(LN2_REST)).sub(h).add(f);
        y = k.fma(broadcast(F, LN2_SHORT), y);
        return y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f))
                .blend(Float.NaN, x.compare(LT, 0f))
                .blend(x, x.compare(LT, Float.POSITIVE_INFINITY).not());
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1f);
        FloatVector c = x.sub(u.sub(1f)).div(u);
        return log(u).add(broadcast(F, 0).blend(c, x.compare(GT, -1f).and(x.compare(LT, 0x1p25f))));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector t = expm1(a.blend(TANH_MAX, a.compare(GT, TANH_MAX)).mul(2f));
        return Lanes.copySign(t.div(t.add(2f)), x);
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        return broadcast(F, 1).blend(z, x.compare(LT, 0f)).div(z.add(1f));
    }

    static FloatVector silu(FloatVector x) {
        return x.div(expNormal(x.neg()).add(1f));
    }

    static FloatVector siluSlope(FloatVector x) {
        return slope(expNormal(x.neg()), x);
    }

    /** The derivative of x sigmoid(u) from e^-u and x u'. */
    private static FloatVector slope(FloatVector e, FloatVector rise) {
        FloatVector s = broadcast(F, 1).div(e.add(1f));
        FloatVector d = s.mul(broadcast(F, 1).sub(s));
        return d.fma(rise, s).blend(s, d.compare(VectorOperators.EQ, 0f));
    }

    /** The softplus of x from z = exp(-|x|). */
    static FloatVector softplus(FloatVector x, FloatVector z) {
        return broadcast(F, 0).blend(x, x.compare(GT, 0f)).add(log1p(z));
    }

    private static FloatVector erfFactor(FloatVector z) {
        FloatVector p = z.fma(broadcast(F, F6), broadcast(F, F5));
        p = p.fma(z, broadcast(F, F4));
        p = p.fma(z, broadcast(F, F3));
        p = p.fma(z, broadcast(F, F2));
        p = p.fma(z, broadcast(F, F1));
        return p.fma(z, broadcast(F, F0));
    }

    /** The logarithm of erfc(a). */
    static FloatVector logErfc(FloatVector a) {
        FloatVector p = a.fma(broadcast(F, H10), broadcast(F, H9));
        p = p.fma(a, broadcast(F, H8));
        p = p.fma(a, broadcast(F, H7));
        p = p.fma(a, broadcast(F, H6));
        p = p.fma(a, broadcast(F, H5));
        p = p.fma(a, broadcast(F, H4));
        p = p.fma(a, broadcast(F, H3));
        p = p.fma(a, broadcast(F, H2));
        p = p.fma(a, broadcast(F, H1));
        p = p.fma(a, broadcast(F, H0));
        return a.neg().fma(a, p);
    }

    /** The error function from e = exp(logErfc(|x|)). */
    static FloatVector erf(FloatVector x, FloatVector e) {
        FloatVector a = x.abs();
        return Lanes.copySign(broadcast(F, 1).sub(e.blend(0f, a.compare(GT, ERFC_MAX))), x)
                .blend(x.mul(erfFactor(x.mul(x))), a.compare(LT, ERF_SPLIT));
    }

    /** The normal distribution function from exp(-x^2 / 2). */
    private static FloatVector normalCdf(FloatVector x, FloatVector e) {
        FloatVector y = broadcast(F, 1).div(x.abs().fma(broadcast(F, 0.25f), broadcast(F, 1)));
        FloatVector p = y.fma(broadcast(F, P9), broadcast(F, P8));
        p = p.fma(y, broadcast(F, P7));
        p = p.fma(y, broadcast(F, P6));
        p = p.fma(y, broadcast(F, P5));
        p = p.fma(y, broadcast(F, P4));
        p = p.fma(y, broadcast(F, P3));
        p = p.fma(y, broadcast(F, P2));
        p = p.fma(y, broadcast(F, P1));
        p = p.fma(y, broadcast(F, P0));
        FloatVector tail = p.mul(y).mul(e);
        return broadcast(F, 1).sub(tail).blend(tail, x.compare(LT, 0f));
    }

    static FloatVector gelu(FloatVector x) {
        return x.mul(normalCdf(x, expNormal(x.mul(-0.5f).mul(x))));
    }

    static FloatVector geluSlope(FloatVector x) {
        FloatVector e = expNormal(x.mul(-0.5f).mul(x));
        FloatVector cdf = normalCdf(x, e);
        return x.mul(NORMAL_DENSITY).fma(e, cdf).blend(cdf, e.compare(VectorOperators.EQ, 0f));
    }

    static FloatVector geluTanh(FloatVector x) {
        return x.div(expNormal(x.mul(x.mul(x).fma(broadcast(F, -GATE_3), broadcast(F, -GATE_1)))).add(1f));
    }

    static FloatVector geluTanhSlope(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector e = expNormal(x.mul(z.fma(broadcast(F, -GATE_3), broadcast(F, -GATE_1))));
        return slope(e, x.mul(z.fma(broadcast(F, 3 * GATE_3), broadcast(F, GATE_1))));
    }

    /** The nearest integer, ties to even. */
    static FloatVector rint(FloatVector x) {
        FloatVector big = Lanes.copySign(broadcast(F, 0x1p23f), x);
        return Lanes.copySign(x.add(big).sub(big), x).blend(x, x.abs().compare(LT, 0x1p23f).not());
    }

    static FloatVector floor(FloatVector x) {
        FloatVector r = rint(x);
        return Lanes.copySign(r.sub(1f, r.compare(GT, x)), x).blend(x, x.abs().compare(LT, 0x1p23f).not());
    }

    static FloatVector ceil(FloatVector x) {
        FloatVector r = rint(x);
        return Lanes.copySign(r.add(1f, r.compare(LT, x)), x).blend(x, x.abs().compare(LT, 0x1p23f).not());
    }

    /** sin(x + shift pi / 2), right for lanes up to TRIG_MAX; others become what {@link Elementary} gives. */
    private static FloatVector quadrant(FloatVector x, int shift) {
        FloatVector t = x.fma(broadcast(F, TWO_OVER_PI), broadcast(F, MAGIC));
        IntVector k = t.reinterpretAsInts().sub(MAGIC_BITS - shift);
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(broadcast(F, -HALF_PI_1), x);
        r = n.fma(broadcast(F, -HALF_PI_3), n.fma(broadcast(F, -HALF_PI_2), r));
        FloatVector z = r.mul(r);
        FloatVector p = z.fma(broadcast(F, S3), broadcast(F, S2));
        p = p.fma(z, broadcast(F, S1));
        p = p.fma(z, broadcast(F, S0));
        FloatVector sin = r.mul(z).fma(p, r);
        FloatVector q = z.fma(broadcast(F, C2), broadcast(F, C1));
        q = q.fma(z, broadcast(F, C0));
        FloatVector cos = z.mul(z).fma(q, z.fma(broadcast(F, -0.5f), broadcast(F, 1)));
        FloatVector y = cos.blend(sin, k.lanewise(VectorOperators.AND, 1).compare(VectorOperators.EQ, 0).cast(F));
        IntVector sign = k.lanewise(VectorOperators.AND, 2).lanewise(VectorOperators.LSHL, 30);
        return y.reinterpretAsInts().lanewise(VectorOperators.XOR, sign).reinterpretAsFloats();
    }

    static FloatVector sin(FloatVector x) {
        return quadrant(x, 0);
    }

    static FloatVector cos(FloatVector x) {
        return quadrant(x, 1);
    }

    /** Whether sin and cos of a lane need the scalar function. */
    static boolean hasLargeAngle(FloatVector x) {
        return x.abs().compare(VectorOperators.LE, TRIG_MAX).not().anyTrue();
    }
}
