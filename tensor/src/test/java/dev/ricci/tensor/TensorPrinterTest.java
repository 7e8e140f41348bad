package dev.ricci.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TensorPrinterTest {
    @Test
    void scalarsAndVectors() {
        assertEquals("F32[] 2.5", Tensor.scalar(2.5).toString());
        assertEquals("I32[3]\n[ 1, -2, 30]", Tensor.ofInts(new int[] {1, -2, 30}).toString());
        assertEquals("BOOL[2]\n[ true, false]", Tensor.ofBooleans(new boolean[] {true, false}).toString());
        assertEquals("I64[1]\n[9223372036854775807]", Tensor.ofLongs(new long[] {Long.MAX_VALUE}).toString());
        assertEquals("F32[0]\n[]", Tensor.zeros(0).toString());
    }

    @Test
    void sixSignificantDigits() {
        assertElement("0.333333", 1.0 / 3);
        assertElement("-123.457", -123.456789);
        assertElement("999999.", 999999);
        assertElement("1.e+06", 1e6);
        assertElement("1.23457e+06", 1234567);
        assertElement("1.5e-05", 1.5e-5);
        assertElement("0.0001", 1e-4);
        assertElement("1.", 0.99999999);
        assertElement("1.e+06", 999999.9);
        assertElement("0.", 0);
        assertElement("-0.", -0.0);
        assertElement("nan", Double.NaN);
        assertElement("-inf", Double.NEGATIVE_INFINITY);
    }

    private static void assertElement(String expected, double value) {
        assertEquals("F64[] " + expected, Tensor.full(Shape.scalar(), DType.F64, value).toString());
    }

    @Test
    void nestedAndAligned() {
        assertEquals("F32[2, 1, 2]\n[[[  1.,  2.5]],\n\n [[-10.,  nan]]]",
                Tensor.of(new float[] {1, 2.5f, -10, Float.NaN}, 2, 1, 2).toString());
        assertEquals("I32[2, 2]\n[[0, 2],\n [1, 3]]", Tensor.arange(4).reshape(2, 2).transpose(0, 1).toString());
    }

    @Test
    void longAxesAreElided() {
        String s = Tensor.arange(1001).toString();
        assertEquals("I32[1001]\n[   0,    1,    2, ...,  998,  999, 1000]", s);
        String wide = Tensor.arange(2000).reshape(2, 1000).toString();
        assertTrue(wide.startsWith("I32[2, 1000]\n[[   0,    1,    2, ...,  997,"), wide);
        assertEquals(3, wide.lines().count());
    }
}
