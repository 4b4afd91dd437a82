import { isAscii } from "node:buffer";
import { checkCount } from "../records/host-report.js";
import { JsonBytes, skipBlanks } from "./scan-json.js";
import type { RecordParts } from "./scan-record.js";

/** Where a walk stands: `foreign` is an answer in any form that VDSM does not write. */
type WalkState = "walking" | "done" | "foreign";

/** Walks over the records of an answer as VDSM writes it, in as many steps as its caller likes, and fills `parts`. */
export class AnswerWalk {
  state: WalkState;
  private readonly json: JsonBytes;
  private at = 0;

  constructor(
    private readonly body: Buffer,
    private readonly parts: RecordParts,
  ) {
    parts.clear();
    this.json = new JsonBytes(body);
    this.state = isAscii(body) ? this.begin() : "foreign";
  }

  /** Walks over this many bytes, and to the end of the record in which they end. */
  walk(bytes: number): void {
    if (this.state === "walking") this.state = this.walkTo(this.at + bytes);
  }

  private begin(): WalkState {
    const { body } = this;
    const head = VDSM_RESULT.exec(body.toString("latin1", 0, PEEK_BYTES));
    if (head === null) return "foreign";
    this.at = skipBlanks(body, head[0].length);
    return body[this.at] === CLOSE_BRACKET ? this.end() : "walking";
  }

  private walkTo(until: number): WalkState {
    const { body, json, parts } = this;
    let at = this.at;
    for (;;) {
      at = parts.add(json, at);
      if (at < 0) return "foreign";
      at = skipBlanks(body, at);
      if (body[at] !== COMMA) break;
      at = skipBlanks(body, at + 1);
      if (at >= until) {
        this.at = at;
        checkCount(parts.ends.length);
        return "walking";
      }
    }
    this.at = at;
    checkCount(parts.ends.length);
    return this.end();
  }

  private end(): WalkState {
    const { body, at } = this;
    const isWhole = body[at] === CLOSE_BRACKET && body[at + 1] === CLOSE_BRACE && at + 2 === body.length;
    return isWhole ? "done" : "foreign";
  }
}

const PEEK_BYTES = 160;

/** How VDSM begins an answer; a reply in any other form is parsed. */
const VDSM_RESULT = /^\{"jsonrpc": ?"2\.0", ?"id": ?"[ !#-[\]-~]{1,64}", ?"result": ?\[/;

const COMMA = 0x2c;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;
