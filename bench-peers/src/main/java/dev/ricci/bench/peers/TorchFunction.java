package dev.ricci.bench.peers;

import ai.djl.ndarray.NDList;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A function of tensors written in TorchScript's serialised form and compiled by libtorch. DJL wraps a part of
 * libtorch; here every operation can be called, forward and backward. The text is packed as the archive that
 * {@code torch.jit.save} would write for a module without parameters: {@code data.pkl} (one object, pickled),
 * {@code constants.pkl} (an empty tuple), {@code version} and the code.
 */
final class TorchFunction implements AutoCloseable {
    /** Version 10 has {@code gelu(approximate=...)}; older ones are upgraded by libtorch while loading. */
    private static final String VERSION = "10\n";

    /** Protocol 2: an instance of {@code __torch__.M} whose state is {"training": False}. */
    private static final String OBJECT = "\u0080\2c__torch__\nM\nq\0)\u0081}(X\u0008\0\0\0trainingq\1\u0089ubq\2.";
    private static final String EMPTY_TUPLE = "\u0080\2).";

    private final PtSymbolBlock module;

    /**
     * @param signature such as {@code "x: Tensor, p: List[Tensor]"}
     * @param result type, such as {@code "Tensor"} or {@code "List[Tensor]"}
     * @param body lines without indentation
     */
    TorchFunction(PtNDManager manager, String signature, String result, String body) {
        String code = """
                class M(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                  def forward(self: __torch__.M, %s) -> %s:
                %s""".formatted(signature, result, body.strip().indent(4));
        try {
            module = JniUtils.loadModule(manager, new ByteArrayInputStream(archive(code)), false, false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] archive(String code) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "f/data.pkl", OBJECT.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "f/code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
            put(zip, "f/constants.pkl", EMPTY_TUPLE.getBytes(StandardCharsets.ISO_8859_1));
            put(zip, "f/version", VERSION.getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    /** libtorch reads stored entries only. */
    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    /**
     * Runs it; autograd records if {@link JniUtils#isGradMode()}.
     *
     * @param inputs in order; those named {@code p[]} become one list in the place of the first of them. The results
     *     belong to the manager of the first
     */
    NDList run(NDList inputs) {
        return IValueUtils.forward(module, inputs, true);
    }

    @Override
    public void close() {
        module.close();
    }
}
