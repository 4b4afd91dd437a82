import type { Host } from "./merge-hosts.js";

/** The hosts in events; `null`: the host is gone. */
export type ToldHosts = ReadonlyMap<string, Host | null>;

/** Collects the hosts in events. */
export interface HostNews {
  readonly tell: (hostId: string, host: Host | null) => void;
  /** Begins anew, because the states of all hosts follow. A host that is not among them is gone. */
  readonly reset: () => void;
  readonly stop: () => void;
}

/** Time for which events are collected. At first each host comes in an event of its own; they are shown together. */
const GATHER_MS = 150;

/** Creates the collection. Its hosts are shown together, a moment after the first event. */
export function createHostNews(show: (told: ToldHosts) => void): HostNews {
  let told: ToldHosts = new Map();
  let waiting = new Map<string, Host | null>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const showSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = null;
      told = new Map([...told, ...waiting]);
      waiting = new Map();
      show(told);
    }, GATHER_MS);
  };
  return {
    tell: (hostId, host) => {
      waiting.set(hostId, host);
      showSoon();
    },
    reset: () => {
      told = new Map();
      waiting = new Map();
      showSoon();
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
