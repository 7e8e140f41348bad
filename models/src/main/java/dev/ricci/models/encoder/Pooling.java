package dev.ricci.models.encoder;

/** How the hidden states of a sequence become one vector. */
public enum Pooling {
    /** Their mean (Reimers and Gurevych 2019, section 3). */
    MEAN,
    /** The first, that of {@code [CLS]}. */
    CLS
}
