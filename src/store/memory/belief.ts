import type { Look } from "./look.js";

/** How the belief in what is kept is made. */
export interface BeliefOptions {
  /** Looks at the log. */
  readonly look: () => Promise<Look>;
  /** Takes over what the look with this number found. */
  readonly apply: (look: Look, number: number) => void;
  /** Two clocks in milliseconds: one that never steps, and the wall's, which goes on while a machine sleeps. */
  readonly now: () => number;
  readonly wallNow: () => number;
}

/**
 * Knows whether what is kept may be given: only while the log was read to its end less than a second ago, and nothing was heard
 * since then that the look could not show.
 *
 * While somebody asks, there is a look each half second, beside the answers. When nobody does there is none, and the first who
 * asks after a pause reads the database.
 */
export class Belief {
  /** When the last look that ended well was sent; all that was committed by then is known. */
  private known: Moment | null = null;
  private running: { readonly ms: number; readonly doubts: number; readonly ended: Promise<void> } | null =
    null;
  private doubts = 0;
  private askedAtMs = -Infinity;
  private mayLookAtMs = -Infinity;
  private isStopped = false;

  constructor(private readonly options: BeliefOptions) {}

  /** Looks that have begun, and that have ended well. */
  begun = 0;
  ended = 0;

  /** Since when all is known, by the clock that never steps; `null`: it is not known now. */
  get asOfMs(): number | null {
    return this.isKnown() ? (this.known?.ms ?? null) : null;
  }

  /** Since when all that is given from now on will be known: a look that is under way may be waited for. `null`: from now on. */
  get earliestMs(): number | null {
    return this.asOfMs ?? this.running?.ms ?? null;
  }

  /** Notes that something changed, or that a look may not have shown all: nothing is believed until the next look. */
  doubt(): void {
    this.doubts += 1;
  }

  /** Asks whether what is kept may be given now. Waits for a look where that is likely to be worth it. */
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
    return look === null ? false : withinPatience(look).then(() => this.isKnown());
  }

  /** Looks soon, unless there was a look just now. */
  hurry(): void {
    void this.begin();
  }

  /** Looks no more; resolves when nothing is left running. */
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

  /** Begins a look, or joins one that shows all that was heard of; `null`: there was one just now. */
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
      },
      () => {
        this.running = null;
        this.mayLookAtMs = options.now() + AFTER_FAILURE_MS;
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

/** A look that does not end is not waited for: the database may still answer the question itself. */
async function withinPatience(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([look, patience]);
  clearTimeout(timer);
}

/** A second, less what an answer may take on its way to the client. */
const LONGEST_MS = 900;

/** A look that begins now ends before the last one is too old. */
const AHEAD_MS = 450;

/** However often something changes, looks take a tenth of the time at most. */
const LEAST_GAP_MS = 50;
const LONGEST_GAP_MS = 300;
const AFTER_FAILURE_MS = 1_000;
const PATIENCE_MS = 200;
