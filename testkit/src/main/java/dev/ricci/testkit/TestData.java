package dev.ricci.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Files that tests may use and that are not part of the project: texts, pretrained models. */
public final class TestData {
    private TestData() {
    }

    /**
     * A file of the folder that the system property {@code ricci.data} names; the calling test is skipped, with a message
     * that says what is absent, if it is not there.
     *
     * @param name path inside the folder, such as {@code text/names.txt}
     */
    public static Path require(String name) {
        String folder = System.getProperty("ricci.data");
        Assumptions.assumeTrue(folder != null, "needs data: the property ricci.data is not set");
        Path file = Path.of(folder, name).normalize();
        Assumptions.assumeTrue(Files.exists(file), "needs data: no " + name + " in the folder of the property ricci.data");
        return file;
    }
}
