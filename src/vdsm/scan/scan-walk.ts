import { QUOTE, COMMA, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE } from "../json/json-bytes.js";
import { checkCount } from "../records/host-report.js";
import { ConnectionFailureError } from "../wire/connection-failure.js";
import { createFaultError, createNotJsonError } from "../wire/reply.js";
import { parseShort } from "../json/tolerant-json.js";
import { findNextRecord, type SearchBudget } from "./find-record.js";
import { findKeyEnd, findStringEnd, findValueEnd, JsonBytes, skipBlanks } from "../json/json-walk.js";
import type { RecordParts } from "./scan-record.js";

/**
 * Walks over an answer in steps as large as the caller wants, and fills `parts` with its records.
 *
 * 1. The envelope, a JSON-RPC reply, must be intact. If it is not, the answer is refused, and the error says at which
 *    byte.
 * 2. If the structure of a record is broken, its members before that count, and the walk continues at the next record.
 * 3. Damage may have hidden another record. So a record without an id is noted beside it: then no VM counts as gone.
 */
export class AnswerWalk {
  isDone = false;
  private readonly json: JsonBytes;
  private at = 0;
  /** `true` between the brackets of `result`. */
  private isInRecords = false;
  private result: "absent" | "list" | "other" = "absent";
  private error: unknown = undefined;
  private readonly budget: SearchBudget;

  constructor(
    private readonly body: Buffer,
    private readonly parts: RecordParts,
  ) {
    parts.clear();
    this.json = new JsonBytes(body);
    this.budget = { bytes: body.length + SEARCH_BYTES };
    const head = VDSM_RESULT.exec(body.toString("latin1", 0, PEEK_BYTES));
    if (head !== null) {
      this.beginRecords(head[0].length);
      return;
    }
    const brace = skipBlanks(body, 0);
    if (body[brace] !== OPEN_BRACE) throw this.createBreak(brace);
    this.at = skipBlanks(body, brace + 1);
    if (body[this.at] === CLOSE_BRACE) this.end();
  }

  /** Walks over this many bytes, and the rest of the record in which they end. */
  walk(bytes: number): void {
    const until = this.at + bytes;
    while (!this.isDone && this.at < until) {
      if (this.isInRecords) this.walkRecord();
      else this.walkMember();
    }
    checkCount(this.parts.ends.length);
  }

  private walkMember(): void {
    const { body, json } = this;
    const value = findKeyEnd(json, this.at);
    if (value < 0) throw this.createBreak(this.at);
    const key = parseShort(body.subarray(this.at, findStringEnd(json, this.at + 1)));
    if (key === "result" && body[value] === OPEN_BRACKET) {
      this.parts.clear();
      this.beginRecords(value + 1);
      return;
    }
    const end = findValueEnd(json, value);
    if (end < 0) throw this.createBreak(value);
    if (key === "result") this.result = "other";
    if (key === "error") this.error = parseShort(body.subarray(value, end));
    this.endMember(end);
  }

  /** Ends a member: another one follows, or the object ends. */
  private endMember(end: number): void {
    const { body } = this;
    this.at = skipBlanks(body, end);
    if (body[this.at] === COMMA) this.at = skipBlanks(body, this.at + 1);
    else this.end();
  }

  private end(): void {
    const { body, at, error } = this;
    if (body[at] !== CLOSE_BRACE) throw this.createBreak(at);
    const rest = skipBlanks(body, at + 1);
    if (rest < body.length) throw this.createBreak(rest);
    if (error !== undefined && error !== null) throw createFaultError(error);
    if (this.result === "absent")
      throw new ConnectionFailureError("protocol", "the answer has neither result nor error");
    if (this.result === "other") throw new ConnectionFailureError("protocol", "the answer is no list of VMs");
    this.isDone = true;
  }

  private beginRecords(start: number): void {
    this.result = "list";
    this.at = skipBlanks(this.body, start);
    if (this.body[this.at] === CLOSE_BRACKET) this.endMember(this.at + 1);
    else this.isInRecords = true;
  }

  private walkRecord(): void {
    const { body, json, parts } = this;
    const start = this.at;
    const isObject = body[start] === OPEN_BRACE;
    const end = isObject ? parts.add(json, start) : findValueEnd(json, start);
    // A list here may be damage that swallowed the next records.
    if (end < 0 || body[start] === OPEN_BRACKET) {
      this.recover(start + 1);
      return;
    }
    if (!isObject) parts.addDamage("is no object");
    const at = skipBlanks(body, end);
    if (body[at] === COMMA) this.at = skipBlanks(body, at + 1);
    else if (body[at] === CLOSE_BRACKET && this.isListEnd(at)) this.endRecords(at);
    else if (at >= body.length) this.recoverSwallowed(start);
    else {
      if (isObject) parts.markLastDamaged();
      this.recover(at);
    }
  }

  private endRecords(bracket: number): void {
    this.isInRecords = false;
    this.endMember(bracket + 1);
  }

  /**
   * Recovers the records that a damaged one seems to contain up to the end of the answer. If there are none, the answer
   * was cut off.
   */
  private recoverSwallowed(start: number): void {
    const next = findNextRecord(this.json, start + 1, this.budget);
    if (next < 0) throw this.createBreak(this.body.length);
    this.parts.removeLast();
    this.parts.addDamage(`is lost, since the answer is not JSON near its byte ${start}`);
    this.at = next;
  }

  /** Continues at the next record behind damage, or at the end of the list if there is none. */
  private recover(from: number): void {
    const { body, parts } = this;
    parts.addDamage(`is lost, since the answer is not JSON near its byte ${from}`);
    const next = findNextRecord(this.json, from, this.budget);
    if (next >= 0) {
      this.at = next;
      return;
    }
    const tail = Math.max(from, body.length - PEEK_BYTES);
    const end = LIST_END.exec(body.toString("latin1", tail));
    if (end === null) throw this.createBreak(from);
    this.endRecords(tail + end.index);
  }

  private isListEnd(bracket: number): boolean {
    const { body } = this;
    const at = skipBlanks(body, bracket + 1);
    if (body[at] === CLOSE_BRACE) return skipBlanks(body, at + 1) >= body.length;
    return body[at] === COMMA && body[skipBlanks(body, at + 1)] === QUOTE;
  }

  private createBreak(at: number): ConnectionFailureError {
    return createNotJsonError(this.body, at);
  }
}

const PEEK_BYTES = 160;

/** Matches the beginning of VDSM's answers. If it does not match, the members are walked over one by one. */
const VDSM_RESULT = /^\{"jsonrpc": ?"2\.0", ?"id": ?"[ !#-[\]-~]{1,64}", ?"result": ?\[/;

/** Matches the end of the list of records and of the answer. Releases on Python 2 may put other members between them. */
const LIST_END = /\]\s*(?:,\s*"(?:id|jsonrpc)"\s*:\s*"[^"\\]*"\s*)*\}\s*$/;

/** The bytes that all searches for a next record may read, in addition to one walk over the answer. */
const SEARCH_BYTES = 16_777_216;
