package dev.ricci.gpu;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Convolutions and pooling of dense images, one result an item, which adds what belongs to it in order. */
final class ImageKernels {
    private ImageKernels() {
    }

    /** The place of tap k of window o along an axis, or -1 in the padding. */
    private static int tap(int o, int k, int stride, int pad, int dilation, int size) {
        int at = o * stride - pad + k * dilation;
        return at < 0 || at >= size ? -1 : at;
    }

    /** The window o whose tap k lies at a place, or -1. */
    private static int window(int at, int k, int stride, int pad, int dilation, int size) {
        int from = at + pad - k * dilation;
        int o = from / stride;
        return from < 0 || o * stride != from || o >= size ? -1 : o;
    }

    /** A x, B weight. */
    static void kConv(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int w = i % p.get(Params.OUT_W);
            int h = i / p.get(Params.OUT_W) % p.get(Params.OUT_H);
            int o = i / p.get(Params.OUT_W) / p.get(Params.OUT_H) % p.get(Params.OUT_CHANNELS);
            int b = i / p.get(Params.OUT_W) / p.get(Params.OUT_H) / p.get(Params.OUT_CHANNELS);
            int channels = p.get(Params.CHANNELS);
            int few = channels / p.get(Params.CONV_GROUPS);
            int first = o / (p.get(Params.OUT_CHANNELS) / p.get(Params.CONV_GROUPS)) * few;
            float sum = 0f;
            for (int k = 0; k < few; k++) {
                for (int y = 0; y < p.get(Params.KERNEL_H); y++) {
                    int row = tap(h, y, p.get(Params.STRIDE_H), p.get(Params.PAD_H), p.get(Params.DILATION_H), p.get(Params.IN_H));
                    for (int x = 0; x < p.get(Params.KERNEL_W); x++) {
                        int column = tap(w, x, p.get(Params.STRIDE_W), p.get(Params.PAD_W), p.get(Params.DILATION_W), p.get(Params.IN_W));
                        if (row >= 0 && column >= 0) {
                            sum += f.get(p.get(Params.A) + ((b * channels + first + k) * p.get(Params.IN_H) + row) * p.get(Params.IN_W) + column)
                                    * f.get(p.get(Params.B) + ((o * few + k) * p.get(Params.KERNEL_H) + y) * p.get(Params.KERNEL_W) + x);
                        }
                    }
                }
            }
            f.set(p.get(Params.OUT) + i, sum);
        }
    }

    /** A gradient, B weight; an item an element of x. */
    static void kConvInput(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int w = i % p.get(Params.IN_W);
            int h = i / p.get(Params.IN_W) % p.get(Params.IN_H);
            int k = i / p.get(Params.IN_W) / p.get(Params.IN_H) % p.get(Params.CHANNELS);
            int b = i / p.get(Params.IN_W) / p.get(Params.IN_H) / p.get(Params.CHANNELS);
            int few = p.get(Params.CHANNELS) / p.get(Params.CONV_GROUPS);
            int many = p.get(Params.OUT_CHANNELS) / p.get(Params.CONV_GROUPS);
            int first = k / few * many;
            float sum = 0f;
            for (int o = first; o < first + many; o++) {
                for (int y = 0; y < p.get(Params.KERNEL_H); y++) {
                    int row = window(h, y, p.get(Params.STRIDE_H), p.get(Params.PAD_H), p.get(Params.DILATION_H), p.get(Params.OUT_H));
                    for (int x = 0; x < p.get(Params.KERNEL_W); x++) {
                        int column = window(w, x, p.get(Params.STRIDE_W), p.get(Params.PAD_W), p.get(Params.DILATION_W), p.get(Params.OUT_W));
                        if (row >= 0 && column >= 0) {
                            sum += f.get(p.get(Params.A) + ((b * p.get(Params.OUT_CHANNELS) + o) * p.get(Params.OUT_H) + row) * p.get(Params.OUT_W) + column)
                                    * f.get(p.get(Params.B) + ((o * few + k % few) * p.get(Params.KERNEL_H) + y) * p.get(Params.KERNEL_W) + x);
                        }
                    }
                }
            }
            f.set(p.get(Params.OUT) + i, sum);
        }
    }

    /** A gradient, B x; an item an element of the weight, over the images in order. */
    static void kConvWeight(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int x = i % p.get(Params.KERNEL_W);
            int y = i / p.get(Params.KERNEL_W) % p.get(Params.KERNEL_H);
            int channels = p.get(Params.CHANNELS);
            int few = channels / p.get(Params.CONV_GROUPS);
            int k = i / p.get(Params.KERNEL_W) / p.get(Params.KERNEL_H) % few;
            int o = i / p.get(Params.KERNEL_W) / p.get(Params.KERNEL_H) / few;
            int channel = o / (p.get(Params.OUT_CHANNELS) / p.get(Params.CONV_GROUPS)) * few + k;
            float sum = 0f;
            for (int b = 0; b < p.get(Params.IMAGES); b++) {
                for (int h = 0; h < p.get(Params.OUT_H); h++) {
                    int row = tap(h, y, p.get(Params.STRIDE_H), p.get(Params.PAD_H), p.get(Params.DILATION_H), p.get(Params.IN_H));
                    for (int w = 0; w < p.get(Params.OUT_W); w++) {
                        int column = tap(w, x, p.get(Params.STRIDE_W), p.get(Params.PAD_W), p.get(Params.DILATION_W), p.get(Params.IN_W));
                        if (row >= 0 && column >= 0) {
                            sum += f.get(p.get(Params.A) + ((b * p.get(Params.OUT_CHANNELS) + o) * p.get(Params.OUT_H) + h) * p.get(Params.OUT_W) + w)
                                    * f.get(p.get(Params.B) + ((b * channels + channel) * p.get(Params.IN_H) + row) * p.get(Params.IN_W) + column);
                        }
                    }
                }
            }
            f.set(p.get(Params.OUT) + i, sum);
        }
    }

    /** KIND 1 the largest, with its place at SECOND; else the mean, padding counting as zeros. */
    static void kPool(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int w = i % p.get(Params.OUT_W);
            int h = i / p.get(Params.OUT_W) % p.get(Params.OUT_H);
            int image = i / p.get(Params.OUT_W) / p.get(Params.OUT_H);
            float sum = 0f;
            float most = -q.get(Params.INFINITY);
            int best = -1;
            for (int y = 0; y < p.get(Params.KERNEL_H); y++) {
                int row = tap(h, y, p.get(Params.STRIDE_H), p.get(Params.PAD_H), p.get(Params.DILATION_H), p.get(Params.IN_H));
                for (int x = 0; x < p.get(Params.KERNEL_W); x++) {
                    int column = tap(w, x, p.get(Params.STRIDE_W), p.get(Params.PAD_W), p.get(Params.DILATION_W), p.get(Params.IN_W));
                    if (row >= 0 && column >= 0) {
                        int place = row * p.get(Params.IN_W) + column;
                        float v = f.get(p.get(Params.A) + image * p.get(Params.IN_H) * p.get(Params.IN_W) + place);
                        sum += v;
                        int first = best < 0 ? 1 : 0;
                        int larger = v > most ? 1 : 0;
                        int newNan = (v != v ? 1 : 0) - (most != most ? 1 : 0);
                        if (first + larger > 0) {
                            best = place;
                            most = v;
                        } else if (newNan == 1) {
                            best = place;
                            most = v;
                        }
                    }
                }
            }
            if (p.get(Params.KIND) == 1) {
                f.set(p.get(Params.OUT) + i, most);
                n.set(p.get(Params.SECOND) + i, best);
            } else {
                f.set(p.get(Params.OUT) + i, sum / (p.get(Params.KERNEL_H) * p.get(Params.KERNEL_W)));
            }
        }
    }

    /** A gradient, B places of type FLAG; each pixel looks through the windows of its image, FIRST of them. */
    static void kMaxPoolBackward(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int pixels = p.get(Params.IN_H) * p.get(Params.IN_W);
            int windows = p.get(Params.FIRST);
            int image = i / pixels;
            float sum = 0f;
            for (int o = image * windows; o < (image + 1) * windows; o++) {
                if ((int) Index.whole(n, l, p.get(Params.FLAG), p.get(Params.B) + o) == i - image * pixels) {
                    sum += f.get(p.get(Params.A) + o);
                }
            }
            f.set(p.get(Params.OUT) + i, sum);
        }
    }

    /** A gradient; each pixel adds the windows that hold it. */
    static void kAvgPoolBackward(KernelContext c, FloatArray f, IntArray n, LongArray l, IntArray p, FloatArray q) {
        int i = c.globalIdx;
        if (i < p.get(Params.COUNT)) {
            int w = i % p.get(Params.IN_W);
            int h = i / p.get(Params.IN_W) % p.get(Params.IN_H);
            int image = i / p.get(Params.IN_W) / p.get(Params.IN_H);
            float sum = 0f;
            for (int y = 0; y < p.get(Params.KERNEL_H); y++) {
                int row = window(h, y, p.get(Params.STRIDE_H), p.get(Params.PAD_H), p.get(Params.DILATION_H), p.get(Params.OUT_H));
                for (int x = 0; x < p.get(Params.KERNEL_W); x++) {
                    int column = window(w, x, p.get(Params.STRIDE_W), p.get(Params.PAD_W), p.get(Params.DILATION_W), p.get(Params.OUT_W));
                    if (row >= 0 && column >= 0) {
                        sum += f.get(p.get(Params.A) + (image * p.get(Params.OUT_H) + row) * p.get(Params.OUT_W) + column);
                    }
                }
            }
            f.set(p.get(Params.OUT) + i, sum / (p.get(Params.KERNEL_H) * p.get(Params.KERNEL_W)));
        }
    }
}
