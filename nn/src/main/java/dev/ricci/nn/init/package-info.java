/** First values of parameters. */
package dev.ricci.nn.init;
