import { isWithoutGuest } from "../../model/guest/vm-status.js";
import type { VmRow } from "../rows.js";

/** Finds how a guest reported its addresses; `null`: it reported nothing, or there is no guest. */
export function findGuestSource({
  status,
  interfacesKnown,
  ips,
}: Pick<VmRow, "status" | "interfacesKnown" | "ips">): "NET_IFACES" | "GUEST_IPS" | null {
  if (isWithoutGuest(status)) return null;
  if (interfacesKnown) return "NET_IFACES";
  return ips === null ? null : "GUEST_IPS";
}
