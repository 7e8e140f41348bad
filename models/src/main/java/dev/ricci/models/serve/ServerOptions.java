package dev.ricci.models.serve;

import dev.ricci.tensor.TensorException;
import java.time.Duration;

/**
 * Where a server listens and what it takes.
 *
 * @param host name or address; a loopback one keeps other machines out
 * @param port 0 for any that is free
 * @param maxBodyBytes most bytes of a request
 * @param maxTokens most new tokens that a request may ask for, and what one gets that asks for no number
 * @param maxTime after which an answer that is not complete is given up
 */
public record ServerOptions(String host, int port, int maxBodyBytes, int maxTokens, Duration maxTime) {
    private static final int MEBIBYTE = 1 << 20;
    private static final int MAX_PORT = 65_535;

    /** Checks the ranges. */
    public ServerOptions {
        check(!host.isBlank(), "the host must not be empty", host);
        check(port >= 0 && port <= MAX_PORT, "the port must lie in 0 .. " + MAX_PORT, port);
        check(maxBodyBytes > 0, "maxBodyBytes must be positive", maxBodyBytes);
        check(maxTokens > 0, "maxTokens must be positive", maxTokens);
        check(maxTime.isPositive(), "maxTime must be positive", maxTime);
    }

    private static void check(boolean holds, String rule, Object got) {
        if (!holds) {
            throw new TensorException("server: " + rule + ", got " + got);
        }
    }

    /** For this machine alone: 1 MiB a request, 4096 tokens and ten minutes an answer. */
    public static ServerOptions loopback(int port) {
        return new ServerOptions("127.0.0.1", port, MEBIBYTE, 4096, Duration.ofMinutes(10));
    }

    /** The same at another address. */
    public ServerOptions withHost(String other) {
        return new ServerOptions(other, port, maxBodyBytes, maxTokens, maxTime);
    }

    /** The same with larger or smaller requests. */
    public ServerOptions withMaxBodyBytes(int bytes) {
        return new ServerOptions(host, port, bytes, maxTokens, maxTime);
    }

    /** The same with longer or shorter answers. */
    public ServerOptions withMaxTokens(int tokens) {
        return new ServerOptions(host, port, maxBodyBytes, tokens, maxTime);
    }

    /** The same with more or less time. */
    public ServerOptions withMaxTime(Duration time) {
        return new ServerOptions(host, port, maxBodyBytes, maxTokens, time);
    }
}
