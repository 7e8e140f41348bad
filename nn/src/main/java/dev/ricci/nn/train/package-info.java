/** The trainer, its events, checkpoints and metrics. */
package dev.ricci.nn.train;
