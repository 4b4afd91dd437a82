import { ConnectionFailureError } from "./connection-failure.js";

/** Headers to send, in this order. */
export type FrameHeaders = Readonly<Record<string, string>>;

/** Decodes command and headers from the bytes up to the empty line, which is included. Lines end with `\n` or `\r\n`. */
export function decodeHead(bytes: Buffer): { command: string; headers: ReadonlyMap<string, string> } {
  const [command = "", ...lines] = bytes
    .toString()
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  // The empty line, and nothing behind it.
  if (lines.length > MOST_HEADERS + 2)
    throw new ConnectionFailureError("protocol", `a frame has more than ${MOST_HEADERS} headers`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 0) throw new ConnectionFailureError("protocol", "a frame has a header without a colon");
    const name = unescapeHeader(line.slice(0, colon));
    if (!headers.has(name)) headers.set(name, unescapeHeader(line.slice(colon + 1)));
  }
  return { command, headers };
}

/** Encodes command, headers and the empty line. VDSM expects escaped values even in CONNECT. */
export function encodeHead(command: string, headers: FrameHeaders): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${escapeHeader(name)}:${escapeHeader(value)}\n`,
  );
  return `${command}\n${lines.join("")}\n`;
}

function unescapeHeader(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(.?)/gsu, (_, letter: string) => {
    const plain = PLAIN.get(letter);
    if (plain === undefined)
      throw new ConnectionFailureError("protocol", "a frame has a header with an unknown escape");
    return plain;
  });
}

function escapeHeader(text: string): string {
  return text.replace(/[\\\n\r:]/g, (character) => ESCAPES.get(character) ?? character);
}

/** VDSM's frames have six. Thousands of short ones in each frame would take the time of many frames. */
const MOST_HEADERS = 100;

const PLAIN = new Map([
  ["\\", "\\"],
  ["n", "\n"],
  ["r", "\r"],
  ["c", ":"],
]);

const ESCAPES = new Map([...PLAIN].map(([letter, plain]) => [plain, `\\${letter}`]));
