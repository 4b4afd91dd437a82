import type { IncomingHttpHeaders } from "node:http";
import { HttpError } from "../../errors.js";

/** Refuses bodies in any form but plain UTF-8 JSON, before the first byte is read. */
export function checkContentHeaders(method: string, headers: IncomingHttpHeaders): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new HttpError(415, "UNSUPPORTED_ENCODING", "Send the body without content-encoding.");
  }
  const type = headers["content-type"];
  if (method === "GET" && type === undefined) return;
  if (type === undefined || !isUtf8Json(type)) {
    throw new HttpError(415, "UNSUPPORTED_MEDIA_TYPE", "Send content-type: application/json, in UTF-8.", {
      "accept-post": "application/json",
    });
  }
}

function isUtf8Json(type: string): boolean {
  // What nearly all clients send.
  if (type === "application/json") return true;
  const [essence = "", ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const charsets = parameters.filter((each) => each.startsWith("charset"));
  return (
    essence === "application/json" &&
    charsets.length <= 1 &&
    charsets.every((each) => /^charset\s*=\s*("utf-?8"|utf-?8)$/.test(each))
  );
}
