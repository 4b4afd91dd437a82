import { listAddresses } from "../differences/interface-differences.js";
import { listAddressesWithoutInterface } from "../differences/differences.js";
import type { VmVersion } from "../versions/version-types.js";

/** An address that a guest has, with the interface that has it; an old agent reports addresses without interfaces. */
export interface HeldAddress {
  readonly address: string;
  readonly device: string | null;
  readonly mac: string | null;
}

/** The addresses that a change takes from a guest, and those that it gives. */
export interface HeldChange {
  readonly lost: readonly HeldAddress[];
  readonly got: readonly HeldAddress[];
}

/** Lists the addresses that a version's guest has, each once; `null` has none. */
export function listHeldAddresses(version: VmVersion | null): HeldAddress[] {
  return [...keyHeldAddresses(version).values()];
}

/** Compares the addresses of two versions of a VM. */
export function compareHeldAddresses(before: VmVersion | null, after: VmVersion | null): HeldChange {
  const [old, fresh] = [keyHeldAddresses(before), keyHeldAddresses(after)];
  return {
    lost: [...old].filter(([key]) => !fresh.has(key)).map(([, held]) => held),
    got: [...fresh].filter(([key]) => !old.has(key)).map(([, held]) => held),
  };
}

/** Formats a key that differs for each held address of a VM. */
export function formatHeldKey({ address, device, mac }: HeldAddress): string {
  return JSON.stringify([address, device, mac]);
}

function keyHeldAddresses(version: VmVersion | null): ReadonlyMap<string, HeldAddress> {
  if (version === null) return new Map();
  const ofDevices = version.interfaces.flatMap((device) =>
    listAddresses(device).map((address) => ({ address, device: device.name, mac: device.macAddress })),
  );
  const loose = listAddressesWithoutInterface(version).map((address) => ({
    address,
    device: null,
    mac: null,
  }));
  return new Map([...ofDevices, ...loose].map((held) => [formatHeldKey(held), held]));
}
