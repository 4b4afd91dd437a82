import { isAscii } from "node:buffer";
import { ConnectionFailureError } from "./connection-failure.js";
import { isRecord } from "../records/record.js";

/** The id that a JSON-RPC reply answers, or `null` if it answers none of ours; reads no more than it must. */
export function readReplyId(body: Buffer): string | null {
  const start = VDSM_REPLY.exec(body.toString("latin1", 0, PEEK_BYTES));
  if (start?.[1] !== undefined) return start[1];
  const reply = parseJson(body);
  return isRecord(reply) && typeof reply["id"] === "string" ? reply["id"] : null;
}

/** The result of a JSON-RPC reply; throws what the reply says went wrong. */
export function readResult(body: Buffer): unknown {
  const reply = parseJson(body);
  if (!isRecord(reply)) throw new ConnectionFailureError("protocol", "the answer is no JSON-RPC reply");
  const error = reply["error"];
  if (error !== undefined && error !== null) throw createFaultError(error);
  if (!Object.hasOwn(reply, "result"))
    throw new ConnectionFailureError("protocol", "the answer has neither result nor error");
  return reply["result"];
}

/** What JSON says. Nobody gets a turn while it is parsed; so there is less of it than there may be of an answer. */
export function parseJson(body: Buffer): unknown {
  if (body.length > MAX_PARSED_BYTES) {
    throw new ConnectionFailureError(
      "protocol",
      `the answer, ${body.length} bytes, is not written as VDSM does, and more than ${MAX_PARSED_BYTES} bytes are not parsed`,
    );
  }
  try {
    // VDSM escapes everything beyond ASCII, and bytes that need no decoding are read twice as fast.
    return JSON.parse(isAscii(body) ? body.toString("latin1") : body.toString());
  } catch {
    // The parser's own words quote the body, which is a guest's and no log's business.
    throw new ConnectionFailureError("protocol", `the answer, ${body.length} bytes, is not JSON`);
  }
}

function createFaultError(error: unknown): ConnectionFailureError {
  const { code, message } = isRecord(error) ? error : {};
  if (typeof code !== "number")
    return new ConnectionFailureError("protocol", "the answer is an error without a code");
  const text = typeof message === "string" ? message : "";
  if (code === RECOVERING)
    return new ConnectionFailureError("recovering", "vdsmd has just started and finds its VMs (99)", code);
  return new ConnectionFailureError("fault", `error ${code}: ${text}`, code);
}

const RECOVERING = 99;

/** Some 3,300 VMs, or the XML of a hundred domains with 80 kB each; a tenth of a second. */
const MAX_PARSED_BYTES = 8_388_608;

const PEEK_BYTES = 160;

/** How VDSM begins every reply; anything else that is JSON is parsed to find its id. */
const VDSM_REPLY = /^\{"jsonrpc": ?"2\.0", ?"id": ?"([^"\\]{1,64})", ?"(?:result|error)":/;
