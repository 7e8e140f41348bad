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
        ModuleDescriptor descriptor = Ricci.class.getModule().getDescriptor();
        if (descriptor == null) {
            // Beside this class's own folder: other jars on the class path have descriptors too.
            String self = Ricci.class.getResource("Ricci.class").toString();
            String root = self.substring(0, self.length() - (Ricci.class.getName().length() + ".class".length()));
            try (InputStream in = URI.create(root + "module-info.class").toURL().openStream()) {
                descriptor = ModuleDescriptor.read(in);
            }
        }
        return descriptor.rawVersion().orElse("of a build without a version");
    }
}
