import type { RunningPeer } from "./types.js";

/**
 * Brings an answer into the shape of ours, so that answers can be compared. Cursors and orders are left as they are.
 */
export function normalizeAnswer(peer: RunningPeer, data: Record<string, unknown>): unknown {
  return peer.dialect === "postgraphile" ? nestGuestInfo(data) : data;
}

/** PostGraphile has no object between a VM and its interfaces. */
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

/** Throws where the two answers differ, with the first difference. */
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
