/** ONNX models as a source of weights: initialisers, and the nodes that say which weight is which. */
package dev.ricci.models.weights.onnx;
