import { createHash } from "node:crypto";
import type { GuestInterface } from "../loaders/rows.js";

/** A guest's interface with an id, which the tables do not give it. */
export interface Device {
  readonly id: string;
  readonly row: GuestInterface;
}

/**
 * Gives every interface of a VM an id that stays while its name and MAC do, whatever its addresses. An engine takes the
 * first 16 bytes of name and MAC, and so gives one id to several; here equal ones are counted.
 */
export function withIds(rows: readonly GuestInterface[]): Device[] {
  const counts = new Map<string, number>();
  return rows.map((row) => {
    const identity = JSON.stringify([row.vmId, row.name, row.macAddress]);
    const ordinal = counts.get(identity) ?? 0;
    counts.set(identity, ordinal + 1);
    return { id: uuidOf(`${identity}#${ordinal}`), row };
  });
}

/** A name-based UUID of version 8: hashed like version 5, but with SHA-256. */
function uuidOf(name: string): string {
  const digest = createHash("sha256").update(`vnic-graph reported device ${name}`).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
