import type { GuestInterface, GuestSilence } from "../../types.js";
import { CHANGE_KIND } from "../kinds.js";
import {
  diffInterfaces,
  restoreInterface,
  stripInterface,
  undoInterfaces,
  type InterfaceDelta,
  type StoredInterface,
} from "./interface-delta.js";
import { diffLists, undoListDiff, type ListDiff } from "./list-diff.js";
import { isSameNic, type VersionNic, type VmVersion } from "./vm-version.js";

/**
 * A change of a VM as the log keeps it. Each value that changes has what it was before and after. Keys are short,
 * because there is a row for every change.
 */
export interface VmDelta extends InterfaceDelta {
  /** The complete VM before the change. A reader of the past can begin here. */
  readonly full?: StoredVersion;
  /** The complete VM, if it was not stored before. */
  readonly new?: StoredVersion;
  readonly name?: Pair<string>;
  readonly st?: Pair<number>;
  readonly host?: Pair<string | null>;
  /** Left out if it follows from the interfaces, before and after. */
  readonly ips?: Pair<string | null>;
  readonly fqdn?: Pair<string | null>;
  readonly sil?: Pair<GuestSilence | null>;
  readonly det?: Pair<string | null>;
  readonly miss?: Pair<boolean>;
  readonly nics?: ListDiff<VersionNic>;
  /** All vNICs before and after, instead of `nics`, if they are not known on one side. */
  readonly told?: Pair<readonly VersionNic[] | null>;
}

/** What a value was before, and what it is after. */
export type Pair<Value> = readonly [before: Value, after: Value];

/** A version as a row of the log holds it. The row has the VM's id in a column of its own. */
export type StoredVersion = Omit<VmVersion, "id" | "interfaces"> & {
  readonly interfaces: readonly StoredInterface[];
};

/** Describes a change and its kinds; `null` if a reader sees none. `isFull`: also keep the complete VM before it. */
export function createDelta(
  before: VmVersion | null,
  after: VmVersion,
  isFull: boolean,
): { readonly kinds: number; readonly delta: VmDelta } | null {
  if (before === null) return { kinds: CHANGE_KIND.NEW, delta: { new: stripVersion(after) } };
  const delta = {
    ...toPair("name", before.name, after.name),
    ...toPair("st", before.status, after.status),
    ...toPair("host", before.hostId, after.hostId),
    ...toPair("fqdn", before.fqdn, after.fqdn),
    ...toPair("sil", before.silence, after.silence),
    ...toPair("det", before.staleDetail, after.staleDetail),
    ...toPair("miss", before.isMissing, after.isMissing),
    ...diffInterfaces(before.interfaces, after.interfaces),
    ...diffNics(before.nics, after.nics),
    ...diffIps(before, after),
  };
  const kinds = findKinds(delta) | (before.ips === after.ips ? 0 : CHANGE_KIND.ADDRESSES);
  if (kinds === 0) return null;
  return { kinds, delta: isFull ? { ...delta, full: stripVersion(before) } : delta };
}

/** Returns the VM as it was before a change, from what it was after it; `null`: it was not stored. */
export function undoDelta(after: VmVersion, delta: VmDelta): VmVersion | null {
  if (delta.new !== undefined) return null;
  if (delta.full !== undefined) return restoreVersion(after.id, delta.full);
  const interfaces = undoInterfaces(after.id, after.interfaces, delta);
  const isDerived = delta.ips === undefined && joinAddresses(after.interfaces) === after.ips;
  return {
    id: after.id,
    name: delta.name?.[0] ?? after.name,
    status: delta.st?.[0] ?? after.status,
    hostId: delta.host === undefined ? after.hostId : delta.host[0],
    ips: delta.ips === undefined ? (isDerived ? joinAddresses(interfaces) : after.ips) : delta.ips[0],
    fqdn: delta.fqdn === undefined ? after.fqdn : delta.fqdn[0],
    silence: delta.sil === undefined ? after.silence : delta.sil[0],
    staleDetail: delta.det === undefined ? after.staleDetail : delta.det[0],
    isMissing: delta.miss?.[0] ?? after.isMissing,
    interfaces,
    nics: undoNics(after.nics, delta),
  };
}

/** Restores a version as the log keeps it, with the VM's id again. */
export function restoreVersion(id: string, { interfaces, ...rest }: StoredVersion): VmVersion {
  return {
    id,
    ...LATER_VALUES,
    ...rest,
    interfaces: interfaces.map((guestInterface) => restoreInterface(id, guestInterface)),
  };
}

/** Values of fields that older rows lack, because they came with a later release. */
const LATER_VALUES = { staleDetail: null };

function stripVersion({ id: _, interfaces, ...rest }: VmVersion): StoredVersion {
  return { ...rest, interfaces: interfaces.map(stripInterface) };
}

function toPair<Key extends string, Value>(key: Key, before: Value, after: Value) {
  const pairs: { [K in Key]?: Pair<Value> } = {};
  if (before !== after) pairs[key] = [before, after];
  return pairs;
}

/** Describes the change of `ips`; empty if {@link joinAddresses} computes the value on both sides. */
function diffIps(before: VmVersion, after: VmVersion): Pick<VmDelta, "ips"> {
  const wouldBeDerived = joinAddresses(after.interfaces) === after.ips;
  if (wouldBeDerived && joinAddresses(before.interfaces) === before.ips) return {};
  return before.ips !== after.ips || wouldBeDerived ? { ips: [before.ips, after.ips] } : {};
}

function diffNics(before: VmVersion["nics"], after: VmVersion["nics"]): Pick<VmDelta, "nics" | "told"> {
  if (before === null || after === null) return toPair("told", before, after);
  const diff = diffLists(before, after, isSameNic);
  return diff === null ? {} : { nics: diff };
}

function undoNics(after: VmVersion["nics"], { nics, told }: VmDelta): VmVersion["nics"] {
  if (told !== undefined) return told[0];
  return nics === undefined || after === null ? after : undoListDiff(after, nics);
}

function findKinds(delta: VmDelta): number {
  return KEYS.reduce((kinds, { key, kind }) => (delta[key] === undefined ? kinds : kinds | kind), 0);
}

/** Joins all IPv4 addresses of the interfaces, then all IPv6, each once, by blanks; `null` if there is none. */
export function joinAddresses(interfaces: readonly GuestInterface[]): string | null {
  const all = new Set([
    ...interfaces.flatMap(({ ipv4Addresses }) => ipv4Addresses),
    ...interfaces.flatMap(({ ipv6Addresses }) => ipv6Addresses),
  ]);
  return all.size === 0 ? null : [...all].join(" ");
}

const KEYS = [
  { key: "name", kind: CHANGE_KIND.NAME },
  { key: "st", kind: CHANGE_KIND.STATUS },
  { key: "host", kind: CHANGE_KIND.HOST },
  { key: "fqdn", kind: CHANGE_KIND.FQDN },
  { key: "sil", kind: CHANGE_KIND.STALENESS },
  { key: "det", kind: CHANGE_KIND.STALENESS },
  { key: "miss", kind: CHANGE_KIND.STALENESS },
  { key: "upd", kind: CHANGE_KIND.INTERFACES },
  { key: "ifs", kind: CHANGE_KIND.INTERFACES },
  { key: "nics", kind: CHANGE_KIND.NICS },
  { key: "told", kind: CHANGE_KIND.NICS },
] as const satisfies readonly { readonly key: keyof VmDelta; readonly kind: number }[];
