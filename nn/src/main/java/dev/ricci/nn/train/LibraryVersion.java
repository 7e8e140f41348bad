package dev.ricci.nn.train;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;

/** The version of this library, which the compiler writes into the module's descriptor. */
final class LibraryVersion {
    static final String CURRENT = read();

    private LibraryVersion() {
    }

    private static String read() {
        Module module = LibraryVersion.class.getModule();
        try {
            ModuleDescriptor descriptor = module.isNamed() ? module.getDescriptor() : beside();
            return descriptor == null ? "unknown" : descriptor.rawVersion().orElse("unknown");
        } catch (IOException | RuntimeException e) {
            return "unknown"; // repackaged without its descriptor
        }
    }

    /** The descriptor in the folder or jar of this class: on the class path others lie beside it. */
    private static ModuleDescriptor beside() throws IOException {
        URL self = LibraryVersion.class.getResource("LibraryVersion.class");
        if (self == null) {
            return null;
        }
        String path = self.toString();
        String root = path.substring(0, path.length() - (LibraryVersion.class.getName().length() + ".class".length()));
        try (InputStream in = URI.create(root + "module-info.class").toURL().openStream()) {
            return ModuleDescriptor.read(in);
        }
    }
}
