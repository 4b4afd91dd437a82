import { groupByMac, normalizeReportedMac } from "../../model/address/mac.js";
import type { GuestInterface, Nic } from "../../store/types.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { isIgnored } from "./normalize.js";
import { toStorableText } from "./text.js";

/**
 * Lists the MACs of vNICs that the guest reports only under ignored names, joined by blanks; `null`: none. Nothing else is
 * kept of ignored interfaces, so the list is never longer than that of the vNICs.
 */
export function listIgnoredMacs(
  reported: readonly ReportedInterface[],
  ignoreNames: readonly RegExp[],
  kept: readonly GuestInterface[],
  nics: readonly Nic[],
): string | null {
  const ignored = reported.filter(
    ({ name }) => typeof name === "string" && isIgnored(toStorableText(name), ignoreNames),
  );
  if (ignored.length === 0) return null;
  const [nicsByMac, keptByMac] = [groupByMac(nics), groupByMac(kept)];
  const macs = ignored
    .map(({ hw }) => normalizeReportedMac(hw ?? null))
    .filter((mac) => mac !== null)
    .filter((mac) => nicsByMac.find(mac).length > 0 && keptByMac.find(mac).length === 0);
  return macs.length === 0 ? null : [...new Set(macs)].sort().join(" ");
}
