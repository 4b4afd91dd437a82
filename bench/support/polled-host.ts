import { createHostLink, type HostLink } from "../../src/refresher/host-link.js";
import { refreshHost, type PassResult } from "../../src/refresher/pass.js";
import { DEFAULT_IGNORED_NAMES } from "../../src/model/guest/name-patterns.js";
import type { ConfiguredHost, RefreshStore } from "../../src/store/types.js";
import { TapeHost } from "./tape-host.js";

/** Creates the settings of the host with this number. */
export function createBenchHost(number: number): ConfiguredHost {
  const id = `0f1ee700-0000-4000-8000-${String(number).padStart(12, "0")}`;
  return { id, name: `host-${number}`, host: "127.0.0.1", port: 54_321 };
}

/** A host whose prepared answers are refreshed into a store, by the code that refreshes real hosts. */
export class PolledHost {
  private readonly tape = new TapeHost();
  private readonly link: HostLink;

  constructor(
    number: number,
    private readonly store: RefreshStore,
  ) {
    this.link = createHostLink(createBenchHost(number), this.tape);
  }

  load(chunks: readonly Buffer[]): void {
    this.tape.load(chunks);
  }

  async pass(): Promise<PassResult> {
    const result = await refreshHost(
      {
        store: this.store,
        ignoreNames: IGNORE,
        now: () => performance.now(),
        waitUntilReady: () => Promise.resolve(),
      },
      this.link,
      new AbortController().signal,
    );
    if (result.outcome !== "done")
      throw new Error(`a pass failed: ${result.failure?.message ?? result.outcome}`);
    return result;
  }
}

const IGNORE = DEFAULT_IGNORED_NAMES;
