package dev.ricci.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @TempDir
    private Path root;

    private void file(String path, String text) throws IOException {
        Files.createDirectories(root.resolve(path).getParent());
        Files.writeString(root.resolve(path), text);
    }

    private Finding found(String what, Map<String, String> environment) throws IOException {
        return new GpuSurvey(environment, root, "Linux").findings().stream().filter(f -> f.what().equals(what)).findFirst()
            .orElseThrow();
    }

    private void check(String what, Map<String, String> environment, boolean present, String text, String remedy)
        throws IOException {
        Finding f = found(what, environment);
        assertEquals(present, f.present(), f.toString());
        assertTrue(f.text().contains(text), f.toString());
        assertTrue(f.remedy().contains(remedy), f.toString());
    }

    @Test
    void noOpenCl() throws IOException {
        check("OpenCL", Map.of(), false, "there is no libOpenCL.so", "ocl-icd-libopencl1");
        check("NVIDIA driver", Map.of(), false, "none is loaded", "without one this is no fault");
    }

    @Test
    void openClWithoutADriverAndWithOne() throws IOException {
        file("usr/lib/x86_64-linux-gnu/libOpenCL.so.1", "");
        check("OpenCL", Map.of(), false, "no driver in", "pocl-opencl-icd");
        file("etc/OpenCL/vendors/pocl.icd", "libpocl.so");
        file("etc/OpenCL/vendors/nvidia.icd", "libnvidia-opencl.so");
        check("OpenCL", Map.of(), true, "drivers nvidia, pocl", "");
        check("TornadoVM", Map.of(), false, "TORNADOVM_HOME is not set", "build again");
    }

    @Test
    void tornadoVm() throws IOException {
        Map<String, String> environment = Map.of("TORNADOVM_HOME", root.resolve("sdk").toString());
        check("TornadoVM", environment, false, "no tornado-argfile", "sdk install tornadovm");
        file("sdk/tornado-argfile", "");
        check("TornadoVM", environment, true, root.resolve("sdk").toString(), "");
    }

    @Test
    void nvidiaNeedsTheCompilerOfCuda() throws IOException {
        file("proc/driver/nvidia/version", "NVRM version: NVIDIA 580\nGCC version\n");
        check("NVIDIA driver", Map.of(), false, "libnvrtc", "CUDA toolkit");
        file("cuda/libnvrtc.so.13", "");
        check("NVIDIA driver", Map.of("LD_LIBRARY_PATH", "/nowhere:" + root.resolve("cuda")), true, "NVRM version: NVIDIA 580", "");
    }

    @Test
    void otherSystemsAreAskedForTornadoVmAlone() throws IOException {
        assertEquals(List.of("TornadoVM"),
            new GpuSurvey(Map.of(), root, "Mac OS X").findings().stream().map(Finding::what).toList());
    }

    @Test
    void saysWhatIsReady() {
        CommandLineRun run = CommandLineRun.of("doctor");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().contains("ok       Java"), run.out());
        assertTrue(run.out().contains("The CPU is ready") || run.out().contains("CPU and GPU are ready"), run.out());
        Map<String, Object> json = CommandLineRun.of("doctor", "--json").json();
        assertTrue(((List<?>) json.get("findings")).size() >= 4, json.toString());
    }
}
