import type { GuestEvent } from "../../loaders/guest-events.js";
import { memoizeByObject } from "../../model/memoize-by-object.js";
import type { Distribution, FleetCounts } from "./fleet-counts.js";

/** How long the lists of one VM are at most. They stand in place of those of all VMs. */
export type VmSizes = Pick<
  FleetCounts,
  "nicsPerVm" | "interfacesPerVm" | "ipv4PerVm" | "ipv6PerVm" | "ipsPerVm"
>;

type Version = NonNullable<GuestEvent["after"]>;

/** Finds how long the lists of an event's VM are, before the event or after it; `null`: the event is not of a VM. */
export function findEventSizes(event: object): VmSizes | null {
  const { before, after } = event as { readonly before?: unknown; readonly after?: unknown };
  const lengths = [before, after].filter(isVersion).map(countLists);
  if (lengths.length === 0) return null;
  const findMost = (list: keyof Lengths): Distribution => [
    { length: Math.max(...lengths.map((each) => each[list])), lists: Number.MAX_SAFE_INTEGER },
  ];
  return {
    nicsPerVm: findMost("nics"),
    interfacesPerVm: findMost("interfaces"),
    ipv4PerVm: findMost("ipv4"),
    ipv6PerVm: findMost("ipv6"),
    ipsPerVm: findMost("ips"),
  };
}

/** Tells a VM from a host, of which there are events, too. */
function isVersion(side: unknown): side is Version {
  return typeof side === "object" && side !== null && "interfaces" in side;
}

type Lengths = Readonly<Record<"nics" | "interfaces" | "ipv4" | "ipv6" | "ips", number>>;

const countLists = memoizeByObject(({ nics, interfaces, ips }: Version): Lengths => {
  let [ipv4, ipv6] = [0, 0];
  for (const { ipv4Addresses, ipv6Addresses } of interfaces) {
    ipv4 += ipv4Addresses.length;
    ipv6 += ipv6Addresses.length;
  }
  const addresses = ips === null ? 0 : ips.split(" ").length;
  return { nics: nics?.length ?? 0, interfaces: interfaces.length, ipv4, ipv6, ips: addresses };
});
