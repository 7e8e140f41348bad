/** The vocabulary of ops: sealed records of attributes with shape inference. */
package dev.ricci.tensor.op;
