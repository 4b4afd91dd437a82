import type { RunningPeer } from "./types.js";

/** Converts an answer into the form of ours, so that answers can be compared. Cursors and orders stay as they are. */
export function normalizeAnswer(peer: RunningPeer, data: Record<string, unknown>): unknown {
  return peer.dialect === "postgraphile" ? nestGuestInfo(data) : data;
}

/** Adds the object `guestInfo`, which PostGraphile's answers do not have between a VM and its interfaces. */
function nestGuestInfo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nestGuestInfo);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, held]) =>
    key === "devicesByVmIdList"
      ? (["guestInfo", { networkDevices: nestGuestInfo(held) }] as const)
      : ([key, nestGuestInfo(held)] as const),
  );
  return Object.fromEntries(entries);
}

/** Throws an error with the first difference, if two answers differ. */
export function assertSameAnswer(who: string, expected: unknown, actual: unknown): void {
  const difference = findDifference(expected, actual, "data");
  if (difference !== null) throw new Error(`${who} answers otherwise than vnic-graph: ${difference}`);
}

function findDifference(expected: unknown, actual: unknown, path: string): string | null {
  if (typeof expected !== "object" || expected === null || typeof actual !== "object" || actual === null) {
    return Object.is(expected, actual)
      ? null
      : `${path} is ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const key of keys) {
    const found = findDifference(Reflect.get(expected, key), Reflect.get(actual, key), `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}
