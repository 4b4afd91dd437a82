import type { HostStateEvent } from "../store/host-state-event.js";
import type { HostRow } from "../store/types.js";
import { shareNext } from "./share-next.js";

/** Tells subscribers how hosts are. */
export interface HostStates {
  /**
   * Tells how the hosts are (those with the ids, or all), and then each change of a host. Ends with the signal. Who
   * takes slowly gets the last state of each host. Throws what the database says where even the first look fails.
   */
  follow(
    hostIds: readonly string[] | null,
    signal: AbortSignal,
  ): AsyncGenerator<HostStateEvent, void, undefined>;
  /** Looks no more; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** What host states are made of. */
export interface HostStatesOptions {
  /** Reads all hosts that are polled or have VMs. */
  readonly readHosts: () => Promise<readonly HostRow[]>;
  /** Between two looks. */
  readonly intervalMs?: number;
  /** Called before followers hear that a host is in another state. */
  readonly onChange?: () => void;
  /** Called once when hosts cannot be read, and `null` once they can again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * Creates the host states of a process. One look at all hosts serves all who listen, and nothing is read while nobody
 * does.
 */
export function createHostStates(options: HostStatesOptions): HostStates {
  return new LookedAtHosts(options);
}

type Hosts = ReadonlyMap<string, HostRow>;

class LookedAtHosts implements HostStates {
  private readonly followers = new Set<PendingStates>();
  private hosts: Hosts = new Map();
  /** The states that {@link hosts} are to who begins now; the same events for all who do. */
  private states: readonly HostStateEvent[] | null = null;
  /** Looks at all hosts once more, after the look that is under way; one look for all who ask meanwhile. */
  private readonly look = shareNext(async () => {
    if (this.isStopped) return;
    const rows = await this.options.readHosts();
    this.tell(new Map(rows.map((host) => [host.id, host])));
  });
  private loop: Promise<void> | null = null;
  private isInTrouble = false;
  private isStopped = false;
  private endPause: () => void = () => undefined;

  constructor(private readonly options: HostStatesOptions) {}

  async *follow(
    hostIds: readonly string[] | null,
    signal: AbortSignal,
  ): AsyncGenerator<HostStateEvent, void, undefined> {
    // A look that began before this call may be about an older state.
    await this.look();
    if (this.isStopped || signal.aborted) return;
    const wanted = hostIds === null ? null : new Set(hostIds);
    const pending = new PendingStates(wanted, signal);
    const states = this.listStates();
    this.followers.add(pending);
    this.loop ??= this.run();
    try {
      for (const state of states) {
        if (wanted?.has(state.hostId) === false) continue;
        yield state;
        if (pending.isEnded) return;
      }
      for (let event = await pending.take(); event !== null; event = await pending.take()) yield event;
    } finally {
      this.followers.delete(pending);
      if (this.followers.size === 0) this.endPause();
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const pending of this.followers) pending.end();
    this.endPause();
    await this.loop;
    await this.look.whenIdle();
  }

  private async run(): Promise<void> {
    while (this.isFollowed()) {
      await this.pause();
      if (!this.isFollowed()) break;
      try {
        await this.look();
        this.tellTrouble(null);
      } catch (error) {
        this.tellTrouble(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.loop = null;
  }

  private isFollowed(): boolean {
    return !this.isStopped && this.followers.size > 0;
  }

  private listStates(): readonly HostStateEvent[] {
    const at = new Date();
    return (this.states ??= [...this.hosts.values()].map((after) => ({
      kind: "STATE",
      at,
      hostId: after.id,
      before: null,
      after,
    })));
  }

  private tell(now: Hosts): void {
    const before = this.hosts;
    this.hosts = now;
    this.states = null;
    const events = listChanges(before, now);
    // Also before the first follower is told: what is told to nobody yet will be.
    if (events.length > 0) this.options.onChange?.();
    for (const event of events) {
      for (const pending of this.followers) pending.add(event);
    }
  }

  private tellTrouble(error: Error | null): void {
    const isInTrouble = error !== null;
    if (isInTrouble !== this.isInTrouble) this.options.onTrouble?.(error);
    this.isInTrouble = isInTrouble;
  }

  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.options.intervalMs ?? INTERVAL_MS);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endPause = () => undefined;
  }
}

/** Holds what one subscriber has not taken yet: of each host its last state alone, so that it is bounded. */
class PendingStates {
  private readonly waiting = new Map<string, HostStateEvent>();
  isEnded = false;
  private notify: () => void = () => undefined;

  constructor(
    private readonly hostIds: ReadonlySet<string> | null,
    signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => {
      this.end();
    });
  }

  add(event: HostStateEvent): void {
    const { hostId, at, after } = event;
    if (this.hostIds !== null && !this.hostIds.has(hostId)) return;
    const earlier = this.waiting.get(hostId);
    if (earlier === undefined) {
      this.waiting.set(hostId, event);
    } else {
      this.waiting.delete(hostId);
      // A state that came back before it was taken is no change. A host that came and went was never told.
      if (describeState(earlier.before) !== describeState(after)) {
        this.waiting.set(hostId, { ...earlier, at, after });
      }
    }
    this.notify();
  }

  /** Takes the next event, or waits for it; `null`: the subscriber has gone. */
  async take(): Promise<HostStateEvent | null> {
    while (!this.isEnded) {
      const [first] = this.waiting;
      if (first !== undefined) {
        this.waiting.delete(first[0]);
        return first[1];
      }
      await new Promise<void>((resolve) => (this.notify = resolve));
    }
    return null;
  }

  end(): void {
    this.isEnded = true;
    this.notify();
  }
}

/** Lists what became of each host; one event for all, so that who answers it may share the answer. */
function listChanges(before: Hosts, now: Hosts): HostStateEvent[] {
  const at = new Date();
  return [...new Set([...before.keys(), ...now.keys()])]
    .map((hostId) => ({ hostId, before: before.get(hostId) ?? null, after: now.get(hostId) ?? null }))
    .filter((change) => describeState(change.before) !== describeState(change.after))
    .map((change) => ({ kind: "CHANGE", at, ...change }));
}

/** What makes a host's state another one. The time of its last success moves with every pass and does not. */
function describeState(host: HostRow | null): string {
  if (host === null) return "";
  const { name, address, status, lastError, lastWarning, polled } = host;
  return JSON.stringify([name, address, status, lastError, lastWarning, polled]);
}

/** Soon enough for people who watch; of ten thousand hosts a look costs some hundredths of a second. */
const INTERVAL_MS = 1_000;
