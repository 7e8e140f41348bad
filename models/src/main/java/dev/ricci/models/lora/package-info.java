/** Low-rank adapters of loaded models, in the layout of PEFT. */
package dev.ricci.models.lora;
