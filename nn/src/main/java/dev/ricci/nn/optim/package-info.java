/** Optimizers, learning-rate schedules, and averages of weights. */
package dev.ricci.nn.optim;
