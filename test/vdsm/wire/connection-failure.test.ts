import { describe, expect, test } from "vitest";
import { ConnectionFailureError, createHostError } from "../../../src/vdsm/wire/connection-failure.js";
import { createSocketFailure, createTimeoutFailure } from "../../../src/vdsm/wire/socket-failure.js";

function coded(code: string, message = "words of the library"): Error {
  return Object.assign(new Error(message), { code });
}

describe("a failure", () => {
  test("names host and verb first, and keeps its cause and code", () => {
    const cause = new Error("why");
    const error = createHostError(
      "[::1]:54321",
      "Host.ping2",
      new ConnectionFailureError("fault", "what", 16, { cause }),
    );
    expect(error.message).toBe("[::1]:54321: Host.ping2: what");
    expect(error).toMatchObject({ kind: "fault", code: 16, cause, name: "HostError" });
  });

  test("is one printable line of bounded length, whatever a host says", () => {
    const { message } = new ConnectionFailureError(
      "protocol",
      `a\n\u001b[31mb\u202ec\u2028${"x".repeat(1_000)}`,
    );
    expect(message).toMatch(/^a \[31mb c x+…$/);
    expect(message.length).toBeLessThan(310);
  });

  test.each([
    ["dial", false, coded("ENOTFOUND"), "unreachable", "does not resolve (ENOTFOUND)"],
    ["dial", true, coded("ECONNREFUSED"), "unreachable", "refused"],
    ["dial", true, coded("EWEIRD"), "unreachable", "no connection (EWEIRD)"],
    [
      "dial",
      true,
      new AggregateError([coded("ENETUNREACH"), coded("ETIMEDOUT")]),
      "unreachable",
      "no route to its network",
    ],
    ["dial", true, new AggregateError([]), "unreachable", "no connection"],
    ["dial", false, null, "unreachable", "no connection"],
    ["greeting", false, coded("ECONNRESET"), "unreachable", "before CONNECTED (ECONNRESET)"],
    ["greeting", false, null, "unreachable", "the host closed it"],
    ["open", false, coded("ECONNRESET"), "unreachable", "connection lost (ECONNRESET)"],
    ["open", true, null, "unreachable", "connection lost"],
    ["handshake", true, coded("ECONNRESET"), "untrusted", "does not accept our client certificate"],
    ["greeting", true, null, "untrusted", "does not accept our client certificate"],
    ["greeting", true, coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), "untrusted", "does not know the CA"],
    [
      "greeting",
      true,
      coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      "untrusted",
      "refuses our client certificate",
    ],
    ["handshake", true, coded("ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"), "untrusted", "expired or revoked"],
    ["handshake", true, coded("ERR_SSL_WRONG_VERSION_NUMBER"), "untrusted", "does not speak TLS"],
    ["handshake", true, coded("CERT_HAS_EXPIRED"), "untrusted", "has expired"],
    ["handshake", true, coded("CERT_NOT_YET_VALID"), "untrusted", "not valid yet"],
    ["handshake", true, coded("SELF_SIGNED_CERT_IN_CHAIN"), "untrusted", "not from our CA"],
    ["handshake", true, coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "untrusted", "not from our CA"],
    ["handshake", true, coded("ERR_TLS_CERT_ALTNAME_INVALID"), "untrusted", "another name"],
    ["handshake", true, coded("ERR_SSL_ODD"), "untrusted", "words of the library (ERR_SSL_ODD)"],
  ] as const)("while %s (TLS: %s) is told apart by %s", (phase, tls, error, kind, what) => {
    const failure = createSocketFailure(error, phase, tls);
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(what);
  });

  test("of TLS carries no error that a certificate hangs on", () => {
    expect(
      createSocketFailure(coded("ERR_TLS_CERT_ALTNAME_INVALID"), "handshake", true).cause,
    ).toBeUndefined();
  });

  test("of a connection that takes too long says how far it came", () => {
    expect(createTimeoutFailure("dial", 5_000).message).toBe("no TCP connection within 5000 ms");
    expect(createTimeoutFailure("handshake", 5_000).message).toContain("no TLS");
    expect(createTimeoutFailure("greeting", 5_000).message).toContain("no CONNECTED");
  });
});
