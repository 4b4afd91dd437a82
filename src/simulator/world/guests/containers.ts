import { formatHexByte } from "../addresses.js";
import type { GuestFactory } from "../vm-spec.js";
import type { Random } from "../random.js";
import type { WireInterface } from "../vm.js";
import { createInterface, createLinkedInterface, LOOPBACK } from "./parts.js";

/** Creates a guest with one NIC, docker's bridges, and a veth for each of hundreds of containers. */
export const createDockerHost: GuestFactory = (_name, plan, random) => {
  const mac = plan.takeMac();
  return {
    nics: [{ mac, network: "vm-prod" }],
    netIfaces: [
      LOOPBACK,
      createLinkedInterface("eth0", mac, [plan.takeIpv4("vm-prod")], [plan.takeIpv6("vm-prod")]),
      createInterface("docker0", "02:42:9d:1e:aa:01", ["172.17.0.1"]),
      createInterface(`br-${random.drawHex(12)}`, createLocalMac(random, "02:42"), ["172.18.0.1"]),
      ...Array.from({ length: random.drawInt(200, 320) }, () => createVeth(random)),
    ],
  };
};

/** Creates the host's end of one container's cable: a new name and a new MAC each time. */
export function createVeth(random: Random): WireInterface {
  return createLinkedInterface(`veth${random.drawHex(7)}`, createLocalMac(random, "f6:cd"));
}

function createLocalMac(random: Random, start: string): string {
  return [start, ...Array.from({ length: 4 }, () => formatHexByte(random.drawInt(0, 255)))].join(":");
}
