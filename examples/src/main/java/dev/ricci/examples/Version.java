package dev.ricci.examples;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import picocli.CommandLine.IVersionProvider;

/** The version, which the compiler writes into the module's descriptor: one place, true on the module path and off it. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        return new String[] {"ricci " + current()};
    }

    static String current() throws IOException {
        return descriptor().rawVersion().orElse("of a build without a version");
    }

    /** The descriptor of this module, also where it is used as a plain jar or folder on the class path. */
    static ModuleDescriptor descriptor() throws IOException {
        Module module = Ricci.class.getModule();
        if (module.isNamed()) {
            return module.getDescriptor();
        }
        // Beside this class's own folder: other jars on the class path have descriptors too.
        String self = Ricci.class.getResource("Ricci.class").toString();
        String root = self.substring(0, self.length() - (Ricci.class.getName().length() + ".class".length()));
        try (InputStream in = URI.create(root + "module-info.class").toURL().openStream()) {
            return ModuleDescriptor.read(in);
        }
    }
}
