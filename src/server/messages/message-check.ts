import type { IncomingMessage } from "node:http";
import { HttpError } from "../errors.js";
import { createVersionError } from "./malformed-errors.js";

/**
 * Refuses messages that Node's parser accepts, although they are not valid HTTP/1.1 or ask for what is not done here. The
 * connection ends where it is not certain where the next request begins.
 */
export function checkMessage({ httpVersion, headers }: IncomingMessage): void {
  if (httpVersion !== "1.1" && httpVersion !== "1.0") throw createVersionError();
  if (httpVersion === "1.1" && headers.host === undefined) {
    throw new HttpError(400, "BAD_REQUEST", "HTTP/1.1 needs a Host header.", CLOSE);
  }
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && httpVersion === "1.0") {
    throw new HttpError(400, "BAD_REQUEST", "HTTP/1.0 knows no Transfer-Encoding.", CLOSE);
  }
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    throw new HttpError(
      501,
      "TRANSFER_ENCODING_NOT_SUPPORTED",
      "Of transfer encodings, only chunked is understood.",
      CLOSE,
    );
  }
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    throw new HttpError(417, "EXPECTATION_FAILED", "Of expectations, only 100-continue is met.", CLOSE);
  }
}

const CLOSE = { connection: "close" };
