import { StringDecoder } from "node:string_decoder";

/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events from a stream, and ends with it. Comments and incomplete events are left out. */
export async function* readEvents(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let event = "message";
  let data: string[] = [];
  for await (const line of splitLines(stream)) {
    if (line === "") {
      if (data.length > 0) yield { event, data: data.join("\n") };
      [event, data] = ["message", []];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
}

async function* splitLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  // The pieces of a long line are joined once, at its end.
  const decoder = new StringDecoder("utf8");
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const [first = "", ...lines] = decoder.write(chunk).split("\n");
    pieces.push(first);
    length += first.length;
    if (length > LONGEST_LINE) throw new Error("a line of the gateway's answer is too long");
    if (lines.length === 0) continue;
    const whole = [pieces.join(""), ...lines.slice(0, -1)];
    pieces = [lines.at(-1) ?? ""];
    length = pieces[0]?.length ?? 0;
    for (const line of whole) yield line.replace(/\r$/, "");
  }
}

/** The longest line. No event is as long, since gateways bound the bytes of a frame. */
const LONGEST_LINE = 64 * 1_024 * 1_024;
