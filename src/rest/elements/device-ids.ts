import { deriveUuid } from "../../model/uuid.js";
import type { GuestInterface } from "../../loaders/rows.js";

/** A guest's interface with an id, which the tables do not give it. */
export interface Device {
  readonly id: string;
  readonly row: GuestInterface;
}

/**
 * Gives every interface of a VM an id that stays the same while its name and MAC do, whatever its addresses. An engine
 * uses the first 16 bytes of name and MAC, so that several interfaces can have one id. Here equal ones get a number.
 */
export function assignDeviceIds(rows: readonly GuestInterface[]): Device[] {
  const counts = new Map<string, number>();
  return rows.map((row) => {
    const identity = JSON.stringify([row.vmId, row.name, row.macAddress]);
    const ordinal = counts.get(identity) ?? 0;
    counts.set(identity, ordinal + 1);
    return { id: deriveUuid(`vnic-graph reported device ${identity}#${ordinal}`, DEVICE_ID), row };
  });
}

/** Version 8 because the digest is SHA-256. */
const DEVICE_ID = { hash: "sha256", version: 8 } as const;
