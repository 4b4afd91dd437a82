import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { SECURITY_HEADERS } from "./security-headers.js";

/**
 * A response that has {@link SECURITY_HEADERS}, unless others set values of their own for them. Node checks each character of
 * each header of each answer. For these, which are always the same, that takes an eighth of the time of a small answer; so they
 * are put behind a head that Node has made. A Node that keeps its heads otherwise gets them like other headers.
 */
export class SecuredResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  override writeHead(statusCode: number, ...rest: readonly unknown[]): this {
    const given = listNames(rest.at(-1));
    const own = given.some(hasCapital) ? given.map((name) => name.toLowerCase()) : given;
    const isSet = (name: string): boolean => this.hasHeader(name) || own.includes(name);
    // With `Expect`, Node may send the head at once.
    const canAppend = KEEPS_HEADS && !isSet("expect") && !NAMES.some(isSet);
    if (!canAppend) {
      for (const name of NAMES) if (!isSet(name)) this.setHeader(name, SECURITY_HEADERS[name] ?? "");
    }
    super.writeHead(statusCode, ...(rest as []));
    if (canAppend) appendBlock(this);
    return this;
  }

  /** Another name of `writeHead` that Node still has. */
  writeHeader(...given: Parameters<SecuredResponse["writeHead"]>): this {
    return this.writeHead(...given);
  }
}

const NAMES = Object.keys(SECURITY_HEADERS);

/** Lists the names in what `writeHead` gets as headers: an object, or a list of names and values in turns. */
function listNames(headers: unknown): readonly string[] {
  if (typeof headers !== "object" || headers === null) return [];
  return Array.isArray(headers) ? headers.filter((_, at) => at % 2 === 0).map(String) : Object.keys(headers);
}

function hasCapital(name: string): boolean {
  return /[A-Z]/.test(name);
}

const LINE_END = "\r\n";
const BLOCK = Object.entries(SECURITY_HEADERS)
  .map(([name, value]) => `${name}: ${value}${LINE_END}`)
  .join("");

/** Puts the block at the end of a head. Node keeps it in `_header` until it is sent, which is not documented. */
function appendBlock(response: ServerResponse): void {
  const holder = response as unknown as { _header: string };
  holder._header = `${holder._header.slice(0, -LINE_END.length)}${BLOCK}${LINE_END}`;
}

/** Whether this Node sends what {@link appendBlock} appends. */
const KEEPS_HEADS = ((): boolean => {
  let sent = "";
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      sent += chunk.toString();
      done();
    },
  }) as unknown as Socket;
  try {
    const response = new ServerResponse(new IncomingMessage(socket));
    response.assignSocket(socket);
    response.writeHead(200, { "x-name": "value", "content-length": 4 });
    appendBlock(response);
    response.end("body");
  } catch {
    return false;
  }
  return sent.startsWith("HTTP/1.1 200 OK\r\nx-name: value\r\n") && sent.endsWith(`${BLOCK}\r\nbody`);
})();
