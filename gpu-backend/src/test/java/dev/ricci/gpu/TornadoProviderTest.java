package dev.ricci.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.ricci.tensor.Backends;
import dev.ricci.tensor.Device;
import dev.ricci.tensor.DeviceException;
import dev.ricci.tensor.spi.BackendProvider;
import org.junit.jupiter.api.Test;

class TornadoProviderTest {
    @Test
    void isFoundAndSaysInOneLineWhyThereIsNoGpuOrMakesOne() {
        assertEquals(1, Backends.providers().size());
        BackendProvider provider = Backends.providers().getFirst();
        String reason = provider.unavailable();
        if (reason == null) {
            assertTrue(provider.create().name().startsWith("tornadovm ("), provider.create().name());
            return;
        }
        assertFalse(reason.isBlank());
        assertFalse(reason.contains("\n"));
        String message = assertThrows(DeviceException.class, Device::gpu).getMessage();
        assertTrue(message.contains(reason), message);
    }

    @Test
    void oneLineNamesTheDeepestCause() {
        Throwable e = new ExceptionInInitializerError(new IllegalStateException("\u001b[31mno\n driver"));
        assertEquals("IllegalStateException: no driver", TornadoProvider.oneLine(e));
    }
}
