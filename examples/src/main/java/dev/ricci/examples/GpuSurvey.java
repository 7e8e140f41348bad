package dev.ricci.examples;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What of the things that a GPU needs lies where it belongs: drivers, and TornadoVM. It looks at files and starts nothing.
 *
 * @param environment of the process
 * @param root of the file system
 * @param system name of the operating system, as Java has it
 */
record GpuSurvey(Map<String, String> environment, Path root, String system) {
    private static final String HOME = "TORNADOVM_HOME";
    private static final List<String> FOLDERS = List.of("usr/lib", "usr/lib64", "usr/lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu", "usr/local/lib", "usr/local/cuda/lib64", "lib64");

    List<Finding> findings() throws IOException {
        List<Finding> all = new ArrayList<>();
        if (system.startsWith("Linux")) {
            all.add(nvidia());
            all.add(openCl());
        }
        all.add(tornado());
        return all;
    }

    private Finding nvidia() throws IOException {
        if (!Files.exists(root.resolve("proc/driver/nvidia/version"))) {
            return Finding.missing("NVIDIA driver", "none is loaded", "on a machine with an NVIDIA GPU, install its driver"
                + " (nvidia-smi must list the GPU); without one this is no fault");
        }
        String version = Files.readString(root.resolve("proc/driver/nvidia/version")).lines().findFirst().orElse("").strip();
        List<Path> cuda = libraries("libnvrtc.so");
        return cuda.isEmpty() ? Finding.missing("NVIDIA driver", version + "; but CUDA's run-time compiler (libnvrtc) was not found",
            "install the CUDA toolkit, or point LD_LIBRARY_PATH at its lib64") : Finding.present("NVIDIA driver", version);
    }

    private Finding openCl() throws IOException {
        List<Path> loaders = libraries("libOpenCL.so");
        if (loaders.isEmpty()) {
            return Finding.missing("OpenCL", "there is no libOpenCL.so",
                "install a loader (Debian, Ubuntu: apt install ocl-icd-libopencl1) and a driver of your GPU");
        }
        List<String> drivers = new ArrayList<>();
        Path vendors = root.resolve("etc/OpenCL/vendors");
        if (Files.isDirectory(vendors)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(vendors, "*.icd")) {
                files.forEach(f -> drivers.add(f.getFileName().toString().replace(".icd", "")));
            }
        }
        drivers.sort(null);
        return drivers.isEmpty() ? Finding.missing("OpenCL", "there is a loader, but no driver in " + vendors,
            "install the OpenCL driver of your GPU; to try without a GPU: apt install pocl-opencl-icd")
            : Finding.present("OpenCL", "drivers " + String.join(", ", drivers));
    }

    private Finding tornado() {
        String home = environment.getOrDefault(HOME, "");
        String get = "install TornadoVM for JDK 25 (https://www.tornadovm.org; with SDKMAN: sdk install tornadovm), set " + HOME
            + " to its SDK and build again";
        if (home.isEmpty()) {
            return Finding.missing("TornadoVM", HOME + " is not set", get);
        }
        Path argfile = Path.of(home).resolve("tornado-argfile");
        return Files.isRegularFile(argfile) ? Finding.present("TornadoVM", home)
            : Finding.missing("TornadoVM", HOME + " is " + home + ", where there is no tornado-argfile", get);
    }

    /** Files whose names begin so, in the usual folders and on the path of libraries. */
    private List<Path> libraries(String name) throws IOException {
        List<Path> folders = new ArrayList<>(FOLDERS.stream().map(root::resolve).toList());
        for (String folder : environment.getOrDefault("LD_LIBRARY_PATH", "").split(":")) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder));
            }
        }
        List<Path> found = new ArrayList<>();
        for (Path folder : folders) {
            if (Files.isDirectory(folder)) {
                try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, name + "*")) {
                    files.forEach(found::add);
                }
            }
        }
        return found;
    }
}
