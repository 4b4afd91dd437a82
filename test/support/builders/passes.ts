import { DEFAULT_IGNORED_NAMES } from "../../../src/model/guest/name-patterns.js";
import type { PassResult } from "../../../src/refresher/pass.js";
import { NOTHING_READ } from "../../../src/refresher/pass-result.js";
import type { ConfiguredHost, HostChanges, HostClaim, Store } from "../../../src/store/types.js";
import { HOST_A, HOST_B, HOST_C } from "./ids.js";
import { hostChanges } from "./stored.js";

export const IGNORED_NAMES = DEFAULT_IGNORED_NAMES;

export function configuredHost(id: string, port = 54_321): ConfiguredHost {
  return { id, name: `host-${id.slice(0, 1)}`, host: "127.0.0.1", port };
}

/** The result of a pass over host A that found one VM unchanged. */
export function passResult(overrides: Partial<PassResult> = {}): PassResult {
  return {
    host: configuredHost(HOST_A),
    outcome: "done",
    failure: null,
    ...NOTHING_READ,
    vms: 1,
    durationMs: 5,
    restMs: 0,
    ...overrides,
  };
}

export const HOSTS: readonly ConfiguredHost[] = [
  { id: HOST_A, name: "host-a", host: "192.0.2.10", port: 54321 },
  { id: HOST_B, name: "host-b", host: "2001:db8::b", port: 54321 },
  { id: HOST_C, name: "host-c", host: "host-c.example", port: 54322 },
];

export const PASS = { vmCount: 1, durationMs: 12.7, visibleChanges: [] };

/** An interval that is so long that no host becomes overdue in a test. */
export const INTERVAL_MS = 3_600_000;

/** Claims a host that is polled. */
export async function claimHost(store: Store, hostId: string): Promise<HostClaim> {
  const claim = await store.claim(hostId);
  if (claim === null) throw new Error(`host ${hostId} is not polled`);
  if ("deferred" in claim) throw new Error(`another gateway polls host ${hostId}`);
  return claim;
}

/** Writes one complete pass of a host. */
export async function writePass(
  store: Store,
  hostId: string,
  values: Partial<HostChanges> = {},
): Promise<boolean> {
  return store.apply(await claimHost(store, hostId), hostChanges(values), PASS);
}
