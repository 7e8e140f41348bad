package dev.ricci.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The small model that lies in the project, so that there is one to try without a download. */
final class ShippedModel {
    /** Where it lies in the project, which is also what people call it. */
    static final String FOLDER = "pretrained/ricci-2m";
    /** For descriptions of options. */
    static final String DEFAULT = " Default: the small model of this project, " + FOLDER + ".";

    private ShippedModel() {
    }

    /** Its folder, if the launcher has told where the project is. */
    static Optional<Path> folder() {
        return Optional.ofNullable(System.getProperty("ricci.home")).map(home -> Path.of(home).resolve(FOLDER))
            .filter(Files::isDirectory);
    }

    /**
     * A model, or this one if none is named.
     *
     * @param option that names one, for errors
     * @throws UsageException if none is named and this one is not there
     */
    static Path orElse(Path named, String option) {
        if (named != null) {
            return named;
        }
        return folder().orElseThrow(() -> new UsageException(option + ": missing; name a file or folder. Only the launcher"
            + " ./ricci knows the model of the project, " + FOLDER));
    }
}
