import type { CallFault, FaultScript } from "./faults.js";
import { formatPythonJson } from "./python-json.js";
import { VdsmFaultError, type VerbAnswers } from "./verbs.js";

/** The destination of replies that VDSM cannot assign to a request. */
export const DEFAULT_REPLY_TO = "jms.topic.vdsm_responses";

/** One call of a verb. */
export interface Call {
  readonly verb: string;
  readonly params: unknown;
}

/** Sends a reply's text to all subscribers of a destination. */
export type Broadcast = (destination: string, text: string, fault: CallFault | null) => void;

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly rawParams: unknown;
}

const REMEMBERED_CALLS = 5_000;

const INVALID_REQUEST = new VdsmFaultError(-32600, "The JSON sent is not a valid Request object: {}");

/** The JSON-RPC side of one vdsmd, with the known bugs that a client must not provoke. */
export class Dispatcher {
  /** `false` after a notification, which ends the only dispatching thread: then nobody is answered, on any connection. */
  alive = true;
  /** The latest calls. Older ones are forgotten, since a simulator may run for days. */
  readonly calls: Call[] = [];
  private waiting: { verb: string | null; resolve: (call: Call) => void }[] = [];
  /** The reply queues by request id, in one table for all clients. So equal ids of two clients mix up their replies. */
  private readonly replyTo = new Map<string, string | null>();

  constructor(
    private readonly world: VerbAnswers,
    private readonly faults: FaultScript,
    private readonly broadcast: Broadcast,
  ) {}

  /** Resolves with the next call; of this verb, if one is given. */
  waitForCall(verb: string | null): Promise<Call> {
    return new Promise((resolve) => this.waiting.push({ verb, resolve }));
  }

  /** Takes the body of one SEND frame. */
  receive(body: string, replyTo: string | null): void {
    if (!this.alive) return;
    let message: unknown;
    try {
      message = JSON.parse(body);
    } catch {
      this.reply(
        null,
        { error: new VdsmFaultError(-32700, "Invalid JSON was received by the server") },
        null,
      );
      return;
    }
    if (Array.isArray(message) && message.length > 0) this.receiveBatch(message, replyTo);
    else this.receiveOne(message, replyTo);
  }

  private receiveBatch(messages: readonly unknown[], replyTo: string | null): void {
    if (messages.length === 1) {
      this.receiveOne(messages[0], replyTo);
      return;
    }
    // All requests of a batch are run, and their common reply is lost.
    for (const message of messages) {
      const request = parseRequest(message);
      if (request !== null) this.run(request);
    }
  }

  private receiveOne(message: unknown, replyTo: string | null): void {
    const request = parseRequest(message);
    if (request === null) {
      this.reply(null, { error: INVALID_REQUEST }, null);
      return;
    }
    if (request.id === undefined || request.id === null) {
      this.run(request);
      this.alive = false;
      return;
    }
    this.replyTo.set(JSON.stringify(request.id), replyTo);
    const outcome = this.run(request);
    this.reply(request.id, outcome.fault === null ? outcome : spoilReply(outcome), outcome.fault);
  }

  private run(request: Request): Outcome {
    const call = { verb: request.method, params: request.rawParams };
    this.calls.push(call);
    if (this.calls.length > 2 * REMEMBERED_CALLS) this.calls.splice(0, REMEMBERED_CALLS);
    const fault = this.faults.takeForCall(request.method);
    const outcome = { ...this.answer(request), fault };
    const told = this.waiting.filter((each) => each.verb === null || each.verb === call.verb);
    this.waiting = this.waiting.filter((each) => !told.includes(each));
    for (const each of told) each.resolve(call);
    return outcome;
  }

  private answer(request: Request): Answer {
    try {
      return { result: this.world.answer(request.method, request.params) };
    } catch (error) {
      return {
        error: error instanceof VdsmFaultError ? error : new VdsmFaultError(16, "Unexpected exception"),
      };
    }
  }

  private reply(id: unknown, answer: Answer, fault: CallFault | null): void {
    const key = JSON.stringify(id);
    const destination = this.replyTo.has(key) ? (this.replyTo.get(key) ?? null) : DEFAULT_REPLY_TO;
    this.replyTo.delete(key);
    if (destination === null || fault?.kind === "hang") return;
    const replyId = fault?.kind === "wrong-id" ? "00000000-0000-4000-8000-00000000dead" : id;
    const text =
      fault?.kind === "malformed-json"
        ? (fault.body ?? '{"jsonrpc": "2.0", "id":')
        : formatReply(replyId, answer);
    this.broadcast(destination, text, fault);
  }
}

type Answer = { readonly result: unknown } | { readonly error: VdsmFaultError };
type Outcome = Answer & { readonly fault: CallFault | null };

function spoilReply(outcome: Outcome): Answer {
  const { fault } = outcome;
  if (fault?.kind === "recovering") {
    return { error: new VdsmFaultError(99, "Recovering from crash or Initializing") };
  }
  if (fault?.kind === "error") {
    return { error: new VdsmFaultError(fault.code, fault.message ?? "General Exception: ('scripted',)") };
  }
  return fault?.kind === "result" ? { result: fault.result } : outcome;
}

function formatReply(id: unknown, answer: Answer): string {
  return "error" in answer
    ? formatPythonJson({
        jsonrpc: "2.0",
        id,
        error: { code: answer.error.code, message: answer.error.message },
      })
    : formatPythonJson({ jsonrpc: "2.0", id, result: answer.result });
}

/**
 * Parses a request. Returns `null` if VDSM would call it invalid: with `params: null` it does, without `params` it does
 * not.
 */
function parseRequest(message: unknown): Request | null {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return null;
  const { jsonrpc, method, params, id } = message as Record<string, unknown>;
  if (jsonrpc !== "2.0" || typeof method !== "string") return null;
  if (params === null || (params !== undefined && typeof params !== "object")) return null;
  const named = params === undefined || Array.isArray(params) ? {} : (params as Record<string, unknown>);
  return { id, method, params: named, rawParams: params };
}
