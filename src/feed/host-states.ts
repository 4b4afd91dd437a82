import type { HostStateEvent } from "../store/host-state-event.js";
import type { HostRow } from "../store/types.js";
import { shareNext } from "./share-next.js";

/** Sends subscribers the states of hosts. */
export interface HostStates {
  /**
   * Yields the states of the hosts with these ids, or of all, and then each change of a host's state. Ends with the signal.
   * A slow reader gets only the last state of each host. Throws the database's error if the first look fails.
   * `onCurrent` is called once, when all states have been taken.
   */
  follow(
    hostIds: readonly string[] | null,
    signal: AbortSignal,
    onCurrent?: () => void,
  ): AsyncGenerator<HostStateEvent, void, undefined>;
  /** Stops looking; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** Options of host states. */
export interface HostStatesOptions {
  /** Reads all hosts that are polled or have VMs. */
  readonly readHosts: () => Promise<readonly HostRow[]>;
  /** The time between two looks. */
  readonly intervalMs?: number;
  /** Called before followers get a host's new state. */
  readonly onChange?: () => void;
  /** Called with an error when hosts cannot be read any more, and with `null` when they can be read again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/** Creates the host states of a process. One look at all hosts serves all followers. Without followers nothing is read. */
export function createHostStates(options: HostStatesOptions): HostStates {
  return new HostStateReader(options);
}

type Hosts = ReadonlyMap<string, HostRow>;

class HostStateReader implements HostStates {
  private readonly followers = new Set<PendingStates>();
  private hosts: Hosts = new Map();
  /** The events with which a new follower begins. All followers get the same objects. */
  private states: readonly HostStateEvent[] | null = null;
  /** Looks at all hosts once more, after the running look. Callers that come meanwhile share one look. */
  private readonly look = shareNext(async () => {
    if (this.isStopped) return;
    const rows = await this.options.readHosts();
    this.passOn(new Map(rows.map((host) => [host.id, host])));
  });
  private loop: Promise<void> | null = null;
  private isInTrouble = false;
  private isStopped = false;
  private endPause: () => void = () => undefined;

  constructor(private readonly options: HostStatesOptions) {}

  async *follow(
    hostIds: readonly string[] | null,
    signal: AbortSignal,
    onCurrent: () => void = () => undefined,
  ): AsyncGenerator<HostStateEvent, void, undefined> {
    // A look that began before this call may show an older state.
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
      onCurrent();
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
    await this.look.waitUntilIdle();
  }

  private async run(): Promise<void> {
    while (this.isFollowed()) {
      await this.pause();
      if (!this.isFollowed()) break;
      try {
        await this.look();
        this.reportTrouble(null);
      } catch (error) {
        this.reportTrouble(error instanceof Error ? error : new Error(String(error)));
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

  private passOn(now: Hosts): void {
    const before = this.hosts;
    this.hosts = now;
    this.states = null;
    const events = listChanges(before, now);
    // Also called without followers, because kept answers may show the old state.
    if (events.length > 0) this.options.onChange?.();
    for (const event of events) {
      for (const pending of this.followers) pending.add(event);
    }
  }

  private reportTrouble(error: Error | null): void {
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

/**
 * Holds the events that one subscriber has not taken yet: only the last state of each host, so that their number is
 * limited.
 */
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
      // A state that came back before it was taken is not a change. A host that came and went meanwhile was never shown.
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

/**
 * Lists the changes of the hosts' states. All subscribers get the same event objects, so that their answers can be shared.
 */
function listChanges(before: Hosts, now: Hosts): HostStateEvent[] {
  const at = new Date();
  return [...new Set([...before.keys(), ...now.keys()])]
    .map((hostId) => ({ hostId, before: before.get(hostId) ?? null, after: now.get(hostId) ?? null }))
    .filter((change) => describeState(change.before) !== describeState(change.after))
    .map((change) => ({ kind: "CHANGE", at, ...change }));
}

/**
 * Formats the values whose change makes another state. The time of the last success is not among them, because it changes
 * with every pass.
 */
export function describeState(host: HostRow | null): string {
  if (host === null) return "";
  const { name, address, status, lastError, lastWarning, polled } = host;
  return JSON.stringify([name, address, status, lastError, lastWarning, polled]);
}

/** Short enough for people who watch. A look at ten thousand hosts costs some hundredths of a second. */
const INTERVAL_MS = 1_000;
