/** Language models, their tokenizers, weights and generation. */
package dev.ricci.models;
