package dev.ricci.gpu.probe;

import java.util.Arrays;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** What the backend says of its device. */
final class DeviceProbe {
    private DeviceProbe() {
    }

    static void run() {
        Report report = new Report("device", Gpu.backend());
        TornadoDevice d = Gpu.device();
        report.row("name", d.getPhysicalDevice().getDeviceName(), "platform", d.getPlatformName(), "type", d.getDeviceType(), "backend", d.getTornadoVMBackend(),
                "global memory MB", d.getMaxGlobalMemory() / 1048576, "largest buffer MB", d.getMaxAllocMemory() / 1048576, "local memory B",
                d.getDeviceLocalMemorySize(), "work-group limits", Arrays.toString(d.getDeviceMaxWorkgroupDimensions()), "version", d.getDeviceOpenCLCVersion(),
                "java", System.getProperty("java.version"), "flags", System.getProperty("probe.flags", ""));
        report.print();
    }
}
