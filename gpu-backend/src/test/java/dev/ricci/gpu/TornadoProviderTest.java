package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.DeviceException;
import org.junit.jupiter.api.Test;

class TornadoProviderTest {
    @Test
    void isFoundAndSaysInOneLineWhyThereIsNoGpu() {
        assertEquals(1, Backends.providers().size());
        String reason = Backends.providers().getFirst().unavailable();
        assertFalse(reason.isBlank());
        assertFalse(reason.contains("\n"));
        String message = assertThrows(DeviceException.class, Device::gpu).getMessage();
        assertTrue(message.contains(reason), message);
    }
}
