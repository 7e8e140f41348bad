package dev.ricci.models.serve;

import java.util.LinkedHashMap;
import java.util.Map;

/** A request that is not answered: what the client gets instead. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final String param;
    private final String code;

    ApiException(int status, String type, String param, String code, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /** A field of the request is wrong. */
    static ApiException field(String name, String what) {
        return new ApiException(400, "invalid_request_error", name, null, "'" + name + "' " + what);
    }

    /** The request as a whole is wrong. */
    static ApiException request(int status, String message) {
        return new ApiException(status, "invalid_request_error", null, null, message);
    }

    /** The server cannot answer now. */
    static ApiException later(int status, String code, String message) {
        return new ApiException(status, status == 429 ? "rate_limit_error" : "server_error", null, code, message);
    }

    int status() {
        return status;
    }

    /** The body of the answer. */
    Map<String, Object> toJson() {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return Map.of("error", error);
    }
}
