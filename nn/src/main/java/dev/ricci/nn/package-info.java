/** Layers, losses, optimizers, schedules, data and the trainer. */
package dev.ricci.nn;
