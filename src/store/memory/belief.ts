import type { Look } from "./look.js";

/** What a {@link Belief} needs from its owner. */
export interface BeliefOptions {
  /** Looks at the log. */
  readonly look: () => Promise<Look>;
  /** Applies what the look with this number found. */
  readonly apply: (look: Look, number: number) => void;
  /** Called after each look, with `null` or the error with which it failed. */
  readonly onLook: (error: unknown) => void;
  /** Two clocks in milliseconds: one that never steps, and the wall's, which goes on while a machine sleeps. */
  readonly now: () => number;
  readonly wallNow: () => number;
}

/**
 * Decides whether kept VMs may be used in answers. They may while two conditions hold: the log was read to its end less
 * than 0.9 s ago, and since then nothing was heard of a change that this look could not show.
 *
 * While requests come, a look at the log runs each half second, beside the answers. Without requests there are no looks,
 * and the first request after a pause reads the database.
 */
export class Belief {
  /** When the last successful look was sent. All that was committed by then is known. */
  private known: Moment | null = null;
  private running: { readonly ms: number; readonly doubts: number; readonly ended: Promise<void> } | null =
    null;
  private doubts = 0;
  private askedAtMs = -Infinity;
  private mayLookAtMs = -Infinity;
  private isStopped = false;

  constructor(private readonly options: BeliefOptions) {}

  /** The numbers of the last look that began and of the last one that succeeded. */
  begun = 0;
  ended = 0;

  /** The time as of which all changes are known, by `now`; `null`: it is not known at the moment. */
  get asOfMs(): number | null {
    return this.isKnown() ? (this.known?.ms ?? null) : null;
  }

  /**
   * The earliest time as of which later answers can hold: that of the last look, or of a running look, for which an answer
   * may wait. `null`: they are read from the database.
   */
  get earliestMs(): number | null {
    return this.asOfMs ?? this.running?.ms ?? null;
  }

  /**
   * Notes that something changed, or that a look may not have shown everything. Kept VMs are not used until the next look.
   */
  doubt(): void {
    this.doubts += 1;
  }

  /** Asks whether kept VMs may be used now. If the last look is too old and requests come often, waits for a new look. */
  ask(): boolean | Promise<boolean> {
    const nowMs = this.options.now();
    const isBusy = nowMs - this.askedAtMs < LONGEST_MS;
    this.askedAtMs = nowMs;
    const { known } = this;
    if (this.isKnown()) {
      if (known !== null && nowMs - known.ms >= AHEAD_MS) this.hurry();
      return true;
    }
    if (known === null) this.hurry();
    if (!isBusy || known === null) return false;
    const look = this.begin();
    return look === null ? false : waitForLook(look).then(() => this.isKnown());
  }

  /** Begins a look, unless there was one just now. */
  hurry(): void {
    void this.begin();
  }

  /** Ends the looks; resolves when nothing is left running. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.doubt();
    await this.running?.ended;
  }

  private isKnown(): boolean {
    const { known, options } = this;
    if (known === null || known.doubts !== this.doubts) return false;
    const wallMs = options.wallNow() - known.wallMs;
    return options.now() - known.ms < LONGEST_MS && wallMs < LONGEST_MS && wallMs > -LONGEST_MS;
  }

  /** Begins a look, or joins a running one that shows all changes that were heard of. `null`: there was a look just now. */
  private begin(): Promise<void> | null {
    const { running, options } = this;
    if (running !== null) return running.doubts === this.doubts ? running.ended : null;
    const ms = options.now();
    if (this.isStopped || ms < this.mayLookAtMs) return null;
    const moment: Moment = { ms, wallMs: options.wallNow(), doubts: this.doubts };
    this.begun += 1;
    const number = this.begun;
    const ended = options.look().then(
      (look) => {
        this.running = null;
        const endedMs = options.now();
        this.mayLookAtMs = endedMs + Math.min(LONGEST_GAP_MS, Math.max(LEAST_GAP_MS, 10 * (endedMs - ms)));
        options.apply(look, number);
        this.ended = number;
        this.known = moment;
        options.onLook(null);
      },
      (error: unknown) => {
        this.running = null;
        this.mayLookAtMs = options.now() + AFTER_FAILURE_MS;
        options.onLook(error);
      },
    );
    this.running = { ms, doubts: moment.doubts, ended };
    return ended;
  }
}

interface Moment {
  readonly ms: number;
  readonly wallMs: number;
  readonly doubts: number;
}

/** Waits for a look, but not for long: the database may still answer the question itself. */
async function waitForLook(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([look, patience]);
  clearTimeout(timer);
}

/** A second, less what an answer may take on its way to the client. */
const LONGEST_MS = 900;

/** When the last look is as old as this, the next one begins. So it ends before the last one is too old. */
const AHEAD_MS = 450;

/** Gaps between looks. However often something changes, looks take a tenth of the time at most. */
const LEAST_GAP_MS = 50;
const LONGEST_GAP_MS = 300;
const AFTER_FAILURE_MS = 1_000;
const PATIENCE_MS = 200;
