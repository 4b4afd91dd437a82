import type { FastifyReply, FastifyRequest } from "fastify";
import type { AuditNotes } from "./audit-notes.js";
import type { KnownViewer } from "../identity/identity.js";
import type { Limits } from "../../model/limits.js";
import type { ServedRequest } from "../options.js";
import type { Client } from "./client.js";
import { startDeadline, type Deadline } from "./deadline.js";
import type { Places } from "./places.js";
import type { EntryRule } from "./rules.js";
import { runInPlace, type HeldPlace } from "./work.js";

/** One request on its way through the server, from its head to the end of its answer. */
export interface Visit {
  readonly rule: EntryRule;
  /** The viewer who asks; `null` until it is known, and on routes that ask for none. */
  viewer: KnownViewer | null;
  readonly deadline: Deadline;
  readonly notes: AuditNotes;
  readonly client: Client;
  /** What the rest of the program is told of the request. */
  readonly request: ServedRequest;
  /**
   * Runs a piece of work in a place. A lasting request does so again and again, each time with a deadline of its own, and
   * holds no place in between.
   */
  runPiece<Result>(job: (request: ServedRequest, place: HeldPlace) => Promise<Result>): Promise<Result>;
  /** The answer is ready: what is left is sending. Returns `false` if it was before. */
  markAnswered(): boolean;
  /** Milliseconds from the request's head until the answer was ready, or until now. */
  elapsedMs(): number;
}

/** Starts a visit; nothing is checked yet. */
export function startVisit(
  { id }: FastifyRequest,
  reply: FastifyReply,
  {
    rule,
    limits,
    places,
    client,
  }: {
    readonly rule: EntryRule;
    readonly limits: Limits;
    readonly places: Places;
    readonly client: Client;
  },
): Visit {
  const startedAt = performance.now();
  let answeredAt: number | null = null;
  let resolveAnswered: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (resolveAnswered = resolve));
  const deadline = startDeadline(rule.lasting ? Infinity : limits.deadlineMs);
  // Registered before anything is awaited: a client that leaves during the very first wait is noticed, too.
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) deadline.abandon();
    deadline.clear();
  });
  const served = createServedRequest(id, deadline);

  return {
    rule,
    viewer: null,
    deadline,
    notes: { decision: null, operation: null, hash: null, cost: null, rows: null, isLasting: false },
    client,
    request: served.request,
    async runPiece(job) {
      if (!rule.lasting) {
        return runInPlace(places, deadline, answered, (place) =>
          served.run((request) => job(request, place)),
        );
      }
      const own = startDeadline(limits.deadlineMs);
      const abandon = (): void => {
        own.abandon();
      };
      deadline.signal.addEventListener("abort", abandon, { once: true });
      if (deadline.signal.aborted) abandon();
      try {
        const piece = createServedRequest(id, own);
        return await runInPlace(places, own, createNever(), (place) =>
          piece.run((request) => job(request, place)),
        );
      } finally {
        own.clear();
        deadline.signal.removeEventListener("abort", abandon);
      }
    },
    markAnswered() {
      if (answeredAt !== null) return false;
      answeredAt = performance.now();
      deadline.clear();
      resolveAnswered();
      return true;
    },
    elapsedMs: () => (answeredAt ?? performance.now()) - startedAt,
  };
}

/**
 * Creates a promise that never ends, for a lasting request, whose answer is never whole. One shared promise would keep
 * all that waits for it.
 */
function createNever(): Promise<never> {
  return new Promise(() => undefined);
}

/** Creates a request's three sides: what the program sees of it, what runs its work, and who waits for its end. */
function createServedRequest(
  id: string,
  { signal, check }: Deadline,
): {
  readonly request: ServedRequest;
  run<Result>(job: (request: ServedRequest) => Promise<Result>): Promise<Result>;
} {
  const listeners: (() => void)[] = [];
  const request: ServedRequest = { id, signal, check, onEnd: (listener) => void listeners.push(listener) };
  return {
    request,
    run: async (job) => {
      try {
        return await job(request);
      } finally {
        for (const listener of listeners.splice(0)) listener();
      }
    },
  };
}
