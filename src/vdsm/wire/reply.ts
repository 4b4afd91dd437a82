import { COMMA, OPEN_BRACE, CLOSE_BRACE } from "../json/json-bytes.js";
import { isRecord } from "../records/record.js";
import { findKeyEnd, findStringEnd, findValueEnd, JsonBytes, skipBlanks } from "../json/json-walk.js";
import { ConnectionFailureError } from "./connection-failure.js";
import { hasTooManyValues, parseShort, parseTolerantJson } from "../json/tolerant-json.js";

/** Finds the id of the call that a JSON-RPC reply answers; `null` if it has none. It reads as few bytes as possible. */
export function readReplyId(body: Buffer): string | null {
  const head = VDSM_REPLY.exec(body.toString("latin1", 0, PEEK_BYTES));
  return head?.[1] ?? findId(body);
}

/** Reads the result of a JSON-RPC reply. Throws the error that the reply states. */
export function readResult(body: Buffer): unknown {
  const reply = parseReply(body);
  if (!isRecord(reply)) throw new ConnectionFailureError("protocol", "the answer is no JSON-RPC reply");
  const error = reply["error"];
  if (error !== undefined && error !== null) throw createFaultError(error);
  if (!Object.hasOwn(reply, "result"))
    throw new ConnectionFailureError("protocol", "the answer has neither result nor error");
  return reply["result"];
}

/** Creates the failure for a reply's `error`. */
export function createFaultError(error: unknown): ConnectionFailureError {
  const { code, message } = isRecord(error) ? error : {};
  if (typeof code !== "number")
    return new ConnectionFailureError("protocol", "the answer is an error without a code");
  const text = typeof message === "string" ? message : "";
  if (code === RECOVERING)
    return new ConnectionFailureError("recovering", "vdsmd has just started and finds its VMs (99)", code);
  return new ConnectionFailureError("fault", `error ${code}: ${text}`, code);
}

/** Creates the failure of an answer with broken structure. Its bytes come from guests, so they do not go into the log. */
export function createNotJsonError(body: Buffer, at: number): ConnectionFailureError {
  return new ConnectionFailureError(
    "protocol",
    `the answer, ${body.length} bytes, is not JSON at its byte ${at}`,
  );
}

/** Parses a reply in one go. Other hosts have no turn meanwhile, so its limit is lower than that of VMs' stats. */
function parseReply(body: Buffer): unknown {
  if (body.length > MAX_PARSED_BYTES) {
    throw new ConnectionFailureError(
      "protocol",
      `the answer has ${body.length} bytes, more than the ${MAX_PARSED_BYTES} that are parsed of such a one`,
    );
  }
  if (hasTooManyValues(body))
    throw new ConnectionFailureError("protocol", "the answer has more values than are parsed of such a one");
  try {
    return parseTolerantJson(body);
  } catch {
    throw createNotJsonError(body, findBreak(body));
  }
}

/**
 * Walks over the members until there is an id. If the reply breaks before that, the id may be its last member, as VDSM
 * on Python 2 writes it.
 */
function findId(body: Buffer): string | null {
  const json = new JsonBytes(body);
  let at = skipBlanks(body, 0);
  if (body[at] !== OPEN_BRACE) {
    if (findValueEnd(json, at) < 0) throw createNotJsonError(body, at);
    return null;
  }
  for (at = skipBlanks(body, at + 1); body[at] !== CLOSE_BRACE; at = skipBlanks(body, at)) {
    const value = findKeyEnd(json, at);
    const end = value < 0 ? -1 : findValueEnd(json, value);
    if (end < 0) {
      const last = LAST_ID.exec(body.toString("latin1", Math.max(0, body.length - PEEK_BYTES)))?.[1];
      if (last === undefined) throw createNotJsonError(body, value < 0 ? at : value);
      return last;
    }
    if (parseShort(body.subarray(at, findStringEnd(json, at + 1))) === "id") {
      const id = parseShort(body.subarray(value, end));
      return typeof id === "string" ? id : null;
    }
    at = skipBlanks(body, end);
    if (body[at] === COMMA) at = skipBlanks(body, at + 1);
    else if (body[at] !== CLOSE_BRACE) throw createNotJsonError(body, at);
  }
  return null;
}

/** Finds the first member of the reply at which it is no longer JSON. */
function findBreak(body: Buffer): number {
  const json = new JsonBytes(body);
  const start = skipBlanks(body, 0);
  const end = findValueEnd(json, start);
  if (end >= 0) return skipBlanks(body, end);
  let at = body[start] === OPEN_BRACE ? skipBlanks(body, start + 1) : start;
  for (;;) {
    const value = findKeyEnd(json, at);
    const valueEnd = value < 0 ? -1 : findValueEnd(json, value);
    if (valueEnd < 0) return value < 0 ? at : value;
    const next = skipBlanks(body, valueEnd);
    if (body[next] !== COMMA) return next;
    at = skipBlanks(body, next + 1);
  }
}

const RECOVERING = 99;

/** The most bytes that are parsed in one go: a hundred domains with 80 kB of XML each, a tenth of a second. */
const MAX_PARSED_BYTES = 8_388_608;

const PEEK_BYTES = 160;

/** Matches the beginning of VDSM's replies. If it does not match, the members are walked over one by one. */
const VDSM_REPLY = /^\{"jsonrpc": ?"2\.0", ?"id": ?"([^"\\]{1,64})", ?"(?:result|error)":/;

const LAST_ID = /, ?"id": ?"([^"\\]{1,64})"(?:, ?"jsonrpc": ?"2\.0")?\}$/;
