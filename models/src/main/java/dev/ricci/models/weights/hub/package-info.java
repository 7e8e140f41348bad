/** Published models by name: a cache of files, and a client that fills it when it is asked to. */
package dev.ricci.models.weights.hub;
