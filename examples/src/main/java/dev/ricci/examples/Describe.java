package dev.ricci.examples;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** What an option does. */
@Retention(RetentionPolicy.RUNTIME)
@interface Describe {
    /** One sentence. */
    String value();
}
