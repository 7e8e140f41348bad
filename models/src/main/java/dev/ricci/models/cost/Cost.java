package dev.ricci.models.cost;

/**
 * A sum of costs. FLOPs and bytes are whole numbers, exact up to 2^53.
 *
 * @param flops floating-point operations; a multiply-add counts two
 * @param bytes of memory traffic
 * @param seconds on some machine, each op at the limit that bounds it
 */
public record Cost(double flops, double bytes, double seconds) {
    /** Nothing. */
    public static final Cost ZERO = new Cost(0, 0, 0);

    /** The sum. */
    public Cost plus(Cost other) {
        return new Cost(flops + other.flops, bytes + other.bytes, seconds + other.seconds);
    }

    /** So many of these. */
    public Cost times(double n) {
        return new Cost(n * flops, n * bytes, n * seconds);
    }

    /** FLOPs per byte; 0 without bytes. */
    public double intensity() {
        return bytes == 0 ? 0 : flops / bytes;
    }
}
