package dev.ricci.tensor.io;

import dev.ricci.tensor.FormatException;
import dev.ricci.tensor.TensorException;
import dev.ricci.tensor.weights.WeightStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;

/**
 * Bytes of an open file from a place on. They are read, not mapped: pages of a mapping count as memory of the process as
 * long as it is open.
 *
 * @param channel the file
 * @param start the first byte
 * @param source names it in errors
 */
public record FileRegion(FileChannel channel, long start, String source) implements WeightStorage.Source {
    /**
     * As in {@link WeightStorage.Source}.
     *
     * @throws FormatException if the file ends before
     * @throws TensorException if the file is closed or cannot be read
     */
    @Override
    public void read(long from, byte[] to, int n) {
        ByteBuffer buffer = ByteBuffer.wrap(to, 0, n);
        try {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, start + from + buffer.position()) < 0) {
                    throw new FormatException(source + ": the file has become shorter while it was read");
                }
            }
        } catch (ClosedChannelException e) {
            throw new TensorException("tensor: " + source + " was closed; read what you need before", e);
        } catch (IOException e) {
            throw new TensorException("tensor: " + source + " cannot be read: " + e.getMessage(), e);
        }
    }
}
