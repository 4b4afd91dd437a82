import type { Host } from "./merge-hosts.js";

/** What events have told of hosts; `null`: the host is gone. */
export type ToldHosts = ReadonlyMap<string, Host | null>;

/** Gathers what events tell of hosts. */
export interface HostNews {
  readonly tell: (hostId: string, host: Host | null) => void;
  /** The states of all hosts are told anew: a host that they do not name any more is gone. */
  readonly reset: () => void;
  readonly stop: () => void;
}

/** The states of all hosts come first, each in an event; they are shown together. */
const GATHER_MS = 150;

/** Creates news that are shown together a moment after the first of them. */
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
