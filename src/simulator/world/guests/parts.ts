import { deriveLinkLocal } from "../addresses.js";
import type { WireInterface } from "../vm.js";

/** Loopback as qemu-ga on Linux tells it. */
export const LOOPBACK: WireInterface = {
  hw: "00:00:00:00:00:00",
  inet: ["127.0.0.1"],
  inet6: ["::1"],
  name: "lo",
};

/** Creates an interface as an agent writes it; keys in the order of a captured answer. */
export function createInterface(
  name: string,
  hw: string | null,
  inet: readonly string[] = [],
  inet6: readonly string[] = [],
): WireInterface {
  return { hw, inet, inet6, name };
}

/** Creates an interface that is up on a link: with the link-local address that it gave itself. */
export function createLinkedInterface(
  name: string,
  hw: string,
  inet: readonly string[] = [],
  inet6: readonly string[] = [],
): WireInterface {
  return createInterface(name, hw, inet, [deriveLinkLocal(hw), ...inet6]);
}
