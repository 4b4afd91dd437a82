import { hexByte } from "../addresses.js";
import type { GuestMaker } from "../vm-spec.js";
import type { Random } from "../random.js";
import type { WireInterface } from "../vm.js";
import { iface, linked, LOOPBACK } from "./parts.js";

/** One NIC, and behind it docker's bridges and a veth for each of hundreds of containers. */
export const dockerHost: GuestMaker = (_name, plan, random) => {
  const mac = plan.nextMac();
  return {
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [
      LOOPBACK,
      linked("eth0", mac, [plan.nextIpv4("vm-prod")], [plan.nextIpv6("vm-prod")]),
      iface("docker0", "02:42:9d:1e:aa:01", ["172.17.0.1"]),
      iface(`br-${random.hex(12)}`, localMac(random, "02:42"), ["172.18.0.1"]),
      ...Array.from({ length: random.int(200, 320) }, () => veth(random)),
    ],
  };
};

/** The host's end of one container's cable: a new name and a new MAC each time. */
export function veth(random: Random): WireInterface {
  return linked(`veth${random.hex(7)}`, localMac(random, "f6:cd"));
}

function localMac(random: Random, start: string): string {
  return [start, ...Array.from({ length: 4 }, () => hexByte(random.int(0, 255)))].join(":");
}
