package dev.ricci.models.weights.hub;

import dev.ricci.tensor.TensorException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where models come from and where they are kept.
 *
 * @param cache folder of the cache; made when the first file is kept
 * @param endpoint address of the server, such as {@code https://hub.example.org}; null to stay offline
 * @param token sent to the endpoint alone, as a bearer token; null for none
 * @param maxFileBytes larger files are refused before they are asked for
 * @param timeout of connecting, of waiting for the start of an answer, and of waiting for more of it
 */
public record HubOptions(Path cache, URI endpoint, String token, long maxFileBytes, Duration timeout) {
    /** System property that allows the network: the endpoint's address. Without it {@link #defaults} stays offline. */
    public static final String ENDPOINT = "ricci.hub.endpoint";
    /** System property that names the folder of the cache. */
    public static final String CACHE = "ricci.hub.cache";

    /** Checks every field. */
    public HubOptions {
        if (cache == null || timeout == null || timeout.isNegative() || timeout.isZero() || maxFileBytes <= 0) {
            throw new TensorException("hub: needs a cache folder, a positive timeout and a positive maximum size, got "
                    + cache + ", " + timeout + " and " + maxFileBytes);
        }
        if (endpoint != null && !isHttp(endpoint)) {
            throw new TensorException("hub: the endpoint must be an http or https address with a host, got " + endpoint);
        }
        if (token != null && !token.matches("[!-~]+")) {
            throw new TensorException("hub: a token must be printable characters without spaces");
        }
    }

    /**
     * What the system properties say: offline, unless {@link #ENDPOINT} is set; the cache is {@link #CACHE}, or
     * {@code .cache/huggingface/hub} in the user's home, which other tools share. Files up to 100 GB, 30 seconds.
     */
    public static HubOptions defaults() {
        String cache = System.getProperty(CACHE);
        String endpoint = System.getProperty(ENDPOINT);
        return new HubOptions(cache == null ? Path.of(System.getProperty("user.home"), ".cache", "huggingface", "hub")
                : Path.of(cache), endpoint == null ? null : URI.create(endpoint), null, 100_000_000_000L,
                Duration.ofSeconds(30));
    }

    /** The same with another cache. */
    public HubOptions withCache(Path folder) {
        return new HubOptions(folder, endpoint, token, maxFileBytes, timeout);
    }

    /** The same with another endpoint; null stays offline. */
    public HubOptions withEndpoint(URI address) {
        return new HubOptions(cache, address, token, maxFileBytes, timeout);
    }

    /** The same with another token; null for none. */
    public HubOptions withToken(String secret) {
        return new HubOptions(cache, endpoint, secret, maxFileBytes, timeout);
    }

    /** The same with another limit. */
    public HubOptions withMaxFileBytes(long bytes) {
        return new HubOptions(cache, endpoint, token, bytes, timeout);
    }

    /** The same with another timeout. */
    public HubOptions withTimeout(Duration wait) {
        return new HubOptions(cache, endpoint, token, maxFileBytes, wait);
    }

    static boolean isHttp(URI address) {
        return ("http".equalsIgnoreCase(address.getScheme()) || "https".equalsIgnoreCase(address.getScheme()))
                && address.getHost() != null;
    }

    /** All but the token. */
    @Override
    public String toString() {
        return "HubOptions[cache=" + cache + ", endpoint=" + endpoint + ", token=" + (token == null ? "none" : "***")
                + ", maxFileBytes=" + maxFileBytes + ", timeout=" + timeout + "]";
    }
}
