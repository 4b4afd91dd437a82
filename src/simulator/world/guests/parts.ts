import { deriveLinkLocal } from "../addresses.js";
import type { WireInterface } from "../vm.js";

/** Loopback as qemu-ga on Linux reports it. */
export const LOOPBACK: WireInterface = {
  hw: "00:00:00:00:00:00",
  inet: ["127.0.0.1"],
  inet6: ["::1"],
  name: "lo",
};

/** Creates an interface as an agent reports it, with keys in the order of a captured answer. */
export function createInterface(
  name: string,
  hw: string | null,
  inet: readonly string[] = [],
  inet6: readonly string[] = [],
): WireInterface {
  return { hw, inet, inet6, name };
}

/** Creates an interface that is up: it has a link-local address derived from its MAC. */
export function createLinkedInterface(
  name: string,
  hw: string,
  inet: readonly string[] = [],
  inet6: readonly string[] = [],
): WireInterface {
  return createInterface(name, hw, inet, [deriveLinkLocal(hw), ...inet6]);
}
