package dev.ricci.tensor.cpu.vector;

import static dev.ricci.tensor.cpu.rows.Elementary.*;
import static dev.ricci.tensor.cpu.vector.Lanes.F;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.ricci.tensor.cpu.rows.Elementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** {@link Elementary} on all lanes of a vector: the same operations in the same order, so the same bits per lane. */
final class VectorElementary {
    private VectorElementary() {
    }

    private static FloatVector all(float a) {
        return FloatVector.broadcast(F, a);
    }

    static FloatVector exp(FloatVector x) {
        FloatVector t = x.fma(all(LOG2_E), all(MAGIC));
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(all(-LN2_LO), n.fma(all(-LN2_HI), x));
        FloatVector p = r.fma(all(E4), all(E3));
        p = p.fma(r, all(E2));
        p = p.fma(r, all(E1));
        p = p.fma(r, all(E0));
        p = p.fma(r, all(1));
        p = p.fma(r, all(1));
        IntVector k = t.reinterpretAsInts().sub(MAGIC_BITS);
        IntVector half = k.lanewise(VectorOperators.ASHR, 1);
        p = p.mul(Lanes.powerOfTwo(half)).mul(Lanes.powerOfTwo(k.sub(half)));
        return p.blend(Float.POSITIVE_INFINITY, x.compare(GT, EXP_MAX)).blend(0f, x.compare(LT, EXP_MIN));
    }

    static FloatVector expm1(FloatVector x) {
        FloatVector t = x.fma(all(LOG2_E), all(MAGIC));
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(all(-LN2_LO), n.fma(all(-LN2_HI), x));
        FloatVector p = r.fma(all(M5), all(M4));
        p = p.fma(r, all(M3));
        p = p.fma(r, all(M2));
        p = p.fma(r, all(M1));
        p = p.fma(r, all(0.5f));
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
                .add(all(0).blend(-23f, denormal));
        FloatVector f = i.lanewise(VectorOperators.AND, 0x7FFFFF).add(SQRT_HALF_BITS).reinterpretAsFloats().sub(1f);
        FloatVector s = f.div(f.add(2f));
        FloatVector z = s.mul(s);
        FloatVector p = z.fma(all(G3), all(G2));
        p = p.fma(z, all(G1));
        p = p.fma(z, all(G0));
        FloatVector h = f.mul(f).mul(0.5f);
        FloatVector y = s.fma(p.fma(z, h), k.mul(LN2_REST)).sub(h).add(f);
        y = k.fma(all(LN2_SHORT), y);
        return y.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f))
                .blend(Float.NaN, x.compare(LT, 0f))
                .blend(x, x.compare(LT, Float.POSITIVE_INFINITY).not());
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(1f);
        FloatVector c = x.sub(u.sub(1f)).div(u);
        return log(u).add(all(0).blend(c, x.compare(GT, -1f).and(x.compare(LT, 0x1p25f))));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector t = expm1(a.blend(TANH_MAX, a.compare(GT, TANH_MAX)).mul(2f));
        return Lanes.copySign(t.div(t.add(2f)), x);
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        return all(1).blend(z, x.compare(LT, 0f)).div(z.add(1f));
    }

    static FloatVector silu(FloatVector x) {
        return x.mul(sigmoid(x));
    }

    static FloatVector siluSlope(FloatVector x) {
        FloatVector s = sigmoid(x);
        FloatVector d = s.mul(all(1).sub(s));
        return d.fma(x, s).blend(s, d.compare(VectorOperators.EQ, 0f));
    }

    static FloatVector softplus(FloatVector x) {
        return all(0).blend(x, x.compare(GT, 0f)).add(log1p(exp(x.abs().neg())));
    }

    private static FloatVector erfFactor(FloatVector z) {
        FloatVector p = z.fma(all(F6), all(F5));
        p = p.fma(z, all(F4));
        p = p.fma(z, all(F3));
        p = p.fma(z, all(F2));
        p = p.fma(z, all(F1));
        return p.fma(z, all(F0));
    }

    private static FloatVector erfcTail(FloatVector a) {
        FloatVector p = a.fma(all(H10), all(H9));
        p = p.fma(a, all(H8));
        p = p.fma(a, all(H7));
        p = p.fma(a, all(H6));
        p = p.fma(a, all(H5));
        p = p.fma(a, all(H4));
        p = p.fma(a, all(H3));
        p = p.fma(a, all(H2));
        p = p.fma(a, all(H1));
        p = p.fma(a, all(H0));
        return exp(a.neg().fma(a, p)).blend(0f, a.compare(GT, ERFC_MAX));
    }

    static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        return Lanes.copySign(all(1).sub(erfcTail(a)), x)
                .blend(x.mul(erfFactor(x.mul(x))), a.compare(LT, ERF_SPLIT));
    }

    static FloatVector normalCdf(FloatVector x) {
        FloatVector t = x.mul(SQRT_HALF);
        FloatVector a = t.abs();
        FloatVector e = erfcTail(a).mul(0.5f);
        return all(1).sub(e).blend(e, x.compare(LT, 0f))
                .blend(t.mul(0.5f).fma(erfFactor(t.mul(t)), all(0.5f)), a.compare(LT, ERF_SPLIT));
    }

    static FloatVector gelu(FloatVector x) {
        return x.mul(normalCdf(x));
    }

    static FloatVector geluSlope(FloatVector x) {
        FloatVector density = exp(x.mul(x).mul(-0.5f)).mul(NORMAL_DENSITY);
        FloatVector cdf = normalCdf(x);
        return x.fma(density, cdf).blend(cdf, density.compare(VectorOperators.EQ, 0f));
    }

    static FloatVector geluTanh(FloatVector x) {
        FloatVector u = x.mul(GELU_SCALE).mul(x.mul(x).fma(all(GELU_CUBIC), all(1)));
        return x.mul(sigmoid(u));
    }

    static FloatVector geluTanhSlope(FloatVector x) {
        FloatVector z = x.mul(x);
        FloatVector s = sigmoid(x.mul(GELU_SCALE).mul(z.fma(all(GELU_CUBIC), all(1))));
        FloatVector d = s.mul(all(1).sub(s));
        FloatVector rise = x.mul(GELU_SCALE).mul(z.fma(all(3 * GELU_CUBIC), all(1)));
        return d.fma(rise, s).blend(s, d.compare(VectorOperators.EQ, 0f));
    }

    /** sin(x + shift pi / 2), right for lanes up to TRIG_MAX; others become what {@link Elementary} gives. */
    private static FloatVector quadrant(FloatVector x, int shift) {
        FloatVector t = x.fma(all(TWO_OVER_PI), all(MAGIC));
        IntVector k = t.reinterpretAsInts().sub(MAGIC_BITS - shift);
        FloatVector n = t.sub(MAGIC);
        FloatVector r = n.fma(all(-HALF_PI_3), n.fma(all(-HALF_PI_2), n.fma(all(-HALF_PI_1), x)));
        FloatVector z = r.mul(r);
        FloatVector p = z.fma(all(S3), all(S2));
        p = p.fma(z, all(S1));
        p = p.fma(z, all(S0));
        FloatVector sin = r.mul(z).fma(p, r);
        FloatVector q = z.fma(all(C2), all(C1));
        q = q.fma(z, all(C0));
        FloatVector cos = z.mul(z).fma(q, z.fma(all(-0.5f), all(1)));
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
