import { compareByName } from "../../model/compare-by-name.js";
import type { Loaders } from "../../loaders/loaders.js";
import type { Nic } from "../../loaders/rows.js";
import { createGraphError } from "../errors.js";
import { checkListLength } from "./arguments.js";

/** Parses the two arguments for MACs, of which a client uses one. Returns the MACs without repetitions. */
export function parseMacs(one: string | null, many: readonly string[] | null): readonly string[] {
  if (one !== null && many === null) return [one];
  if (one === null && many !== null) return [...new Set(checkListLength("macAddresses", many))];
  throw createGraphError(
    "BAD_USER_INPUT",
    `macAddresses: give either macAddress or macAddresses, not ${one === null ? "neither" : "both"}`,
  );
}

/** Loads the vNICs with any of the MACs, sorted by name. */
export async function loadNicsByMacs(loaders: Loaders, macs: readonly string[]): Promise<readonly Nic[]> {
  const byMac = await Promise.all(macs.map((mac) => loaders.nicsByMac.load(mac)));
  return byMac.flat().sort(compareByName);
}
