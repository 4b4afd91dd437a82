import type { FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import type { HttpError } from "../errors.js";
import type { AuditNotes } from "./audit-notes.js";
import type { KnownViewer } from "../identity/identity.js";
import type { Limits } from "../../model/limits.js";
import type { ServedRequest } from "../options.js";
import type { Client } from "./client.js";
import { startDeadline, type Deadline } from "./deadline.js";
import type { Sending } from "./outbox.js";
import type { Places, Release } from "./places/places.js";
import type { EntryRule } from "./rules.js";
import { PATIENCE, runInPlace, runInTakenPlace, type HeldPlace } from "./places/work.js";

/** One request on its way through the server, from its head to the end of its answer. */
export interface Visit {
  readonly rule: EntryRule;
  /** The viewer who asks; `null` until it is known, and on routes that ask for none. */
  viewer: KnownViewer | null;
  /** Whose turns and shares it takes: the viewer's, or the address's where nobody is asked who they are. */
  readonly ownerName: string;
  /** Whose turns in queues it takes: the owner's at routes of one queue. */
  readonly owner: string;
  /** Names whose turns and shares they are. */
  nameOwner(name: string): void;
  readonly deadline: Deadline;
  /** Ends its work with this refusal, since somebody else needs what it holds. */
  readonly giveUp: (error: HttpError) => void;
  readonly notes: AuditNotes;
  readonly client: Client;
  /** The request as handlers and loaders see it. */
  readonly request: ServedRequest;
  /** Runs the work of a request in a place. */
  runPiece<Result>(job: (request: RunningRequest, place: HeldPlace) => Promise<Result>): Promise<Result>;
  /**
   * Runs a piece of a lasting request in this room instead of a place, with a deadline of its own. Between two pieces it holds
   * nothing. The first one is refused with 503 if it waits for half
   * of the deadline; those that follow wait as long as they must, since a part of an answer is worth nothing.
   */
  runPieceIn<Result>(room: Places, job: (request: ServedRequest) => Promise<Result>): Promise<Result>;
  /** Notes that the answer is ready, so that only sending is left. Returns `false` if that was noted before. */
  markAnswered(): boolean;
  /**
   * Notes that the connection has ended, after the answer was sent or before. Returns `true` if the answer was not even
   * ready. Its work then holds the place until the work ends, or until the deadline. Otherwise clients that leave could
   * start any amount of work.
   */
  leave(isSent: boolean): boolean;
  /** Calls `release` when the connection has ended; at once if it already has. */
  holdUntilLeft(release: Release): void;
  /** Called by whoever reads the body, when it has come: from then on the connection makes no room for others. May throw 429. */
  holdConnection: () => void;
  /** The answer on its way; `null` before. */
  sending: Sending | null;
  /** Milliseconds from the request's head until the answer was ready, or until now. */
  getElapsedMs(): number;
}

/** A request whose work runs in a place. */
export interface RunningRequest extends ServedRequest {
  /**
   * Gives back what the work holds, such as connections to the database, although the work has not ended. Resolves when
   * nothing of it is in use any more.
   */
  readonly giveBack: () => Promise<void>;
}

/** Starts a visit; nothing is checked yet. */
export function startVisit(
  { id }: Pick<FastifyRequest, "id">,
  given: {
    readonly rule: EntryRule;
    readonly limits: Limits;
    readonly places: Places;
    readonly client: Client;
  },
): Visit {
  return new StartedVisit(id, given);
}

class StartedVisit implements Visit {
  readonly rule: EntryRule;
  readonly client: Client;
  readonly deadline: Deadline;
  readonly request: ListenedRequest;
  readonly notes: AuditNotes = createNotes();
  viewer: KnownViewer | null = null;
  ownerName = "";
  owner = "";
  sending: Sending | null = null;
  holdConnection: () => void = () => undefined;
  private readonly startedAt = performance.now();
  private answeredAt: number | null = null;
  private answered: Promise<void> | null = null;
  private resolveAnswered: () => void = () => undefined;
  private hasBegun = false;
  /** Called when the connection ends; `null`: it has ended. */
  private held: Release[] | null = [];

  constructor(
    private readonly id: string,
    private readonly given: Parameters<typeof startVisit>[1],
  ) {
    const { rule, client, limits } = given;
    this.rule = rule;
    this.client = client;
    this.nameOwner(client.group);
    this.deadline = startDeadline(rule.lasting ? Infinity : limits.deadlineMs);
    this.request = new ListenedRequest(id, this.deadline);
  }

  readonly giveUp = ({ message, code, status }: HttpError): void => {
    this.deadline.end(new GraphQLError(message, { extensions: { code, http: { status } } }));
  };

  nameOwner(name: string): void {
    this.ownerName = name;
    this.owner = `${this.rule.queue} ${name}`;
  }

  async runPiece<Result>(
    job: (request: RunningRequest, place: HeldPlace) => Promise<Result>,
  ): Promise<Result> {
    return runInPlace(
      this.given.places,
      this.deadline,
      this.waitForAnswer(),
      (place) => this.request.run((request) => job(request, place)),
      this.owner,
    );
  }

  async runPieceIn<Result>(room: Places, job: (request: ServedRequest) => Promise<Result>): Promise<Result> {
    const release = await this.waitFor(room);
    return this.runWithin((own, piece) => runInTakenPlace(release, own, () => piece.run(job)));
  }

  markAnswered(): boolean {
    if (this.answeredAt !== null) return false;
    this.answeredAt = performance.now();
    this.deadline.clear();
    this.resolveAnswered();
    return true;
  }

  holdUntilLeft(release: Release): void {
    if (this.held === null) release();
    else this.held.push(release);
  }

  leave(isSent: boolean): boolean {
    const held = this.held ?? [];
    this.held = null;
    for (const release of held) release();
    if (!isSent) this.deadline.abandon();
    this.deadline.clear();
    if (this.answeredAt !== null) return false;
    this.answeredAt = performance.now();
    return true;
  }

  getElapsedMs(): number {
    return (this.answeredAt ?? performance.now()) - this.startedAt;
  }

  private async waitFor(room: Places): Promise<Release> {
    const { signal } = this.deadline;
    const now = this.deadline.isOver() ? null : room.enterNow(1);
    if (now !== null) {
      this.hasBegun = true;
      return now;
    }
    if (this.hasBegun) return room.enter(signal, 1, this.owner);
    const patience = AbortSignal.timeout(this.given.limits.deadlineMs * PATIENCE);
    const release = await room.enter(AbortSignal.any([signal, patience]), 1, this.owner);
    this.hasBegun = true;
    return release;
  }

  /** Runs a piece of work with a deadline of its own, which ends with the visit. */
  private async runWithin<Result>(
    run: (own: Deadline, piece: ListenedRequest) => Promise<Result>,
  ): Promise<Result> {
    const own = startDeadline(this.given.limits.deadlineMs);
    const stopListening = this.deadline.onEnd(() => {
      own.abandon();
    });
    try {
      return await run(own, new ListenedRequest(this.id, own));
    } finally {
      own.clear();
      stopListening();
    }
  }

  /** Resolves when the answer is ready. */
  private waitForAnswer(): Promise<void> {
    if (this.answeredAt !== null) return Promise.resolve();
    this.answered ??= new Promise((resolve) => (this.resolveAnswered = resolve));
    return this.answered;
  }
}

function createNotes(): AuditNotes {
  return { decision: null, operation: null, hash: null, cost: null, rows: null, isLasting: false };
}

/** A request as its work sees it. It runs the work, then calls the listeners that wait for the end of the work. */
class ListenedRequest implements RunningRequest {
  private listeners: (() => unknown)[] = [];

  constructor(
    readonly id: string,
    private readonly deadline: Deadline,
  ) {}

  get signal(): AbortSignal {
    return this.deadline.signal;
  }

  get check(): () => void {
    return this.deadline.check;
  }

  readonly onEnd = (listener: () => unknown): void => {
    this.listeners.push(listener);
  };

  readonly giveBack = async (): Promise<void> => {
    const listeners = this.listeners;
    this.listeners = [];
    await Promise.allSettled(
      listeners.map(async (listener) => {
        await listener();
      }),
    );
  };

  async run<Result>(job: (request: RunningRequest) => Promise<Result>): Promise<Result> {
    try {
      return await job(this);
    } finally {
      void this.giveBack();
    }
  }
}
