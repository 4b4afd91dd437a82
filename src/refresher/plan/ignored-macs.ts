import { groupByMac, normalizeReportedMac } from "../../model/address/mac.js";
import type { GuestInterface, Nic } from "../../store/types.js";
import type { ReportedInterface } from "../../vdsm/records/interfaces.js";
import { isIgnored } from "./normalize.js";
import { toStorableText } from "./text.js";

/**
 * Lists the MACs that vNICs have and that the guest shows under ignored names alone, joined by blanks; `null`: none. Of the
 * interfaces that are left out nothing else is kept, and so never more than the VM has vNICs.
 */
export function listIgnoredMacs(
  reported: readonly ReportedInterface[],
  ignoreNames: readonly RegExp[],
  kept: readonly GuestInterface[],
  nics: readonly Nic[],
): string | null {
  const ignored = reported.filter(
    ({ name }) => name !== null && isIgnored(toStorableText(name), ignoreNames),
  );
  if (ignored.length === 0) return null;
  const [nicsByMac, keptByMac] = [groupByMac(nics), groupByMac(kept)];
  const macs = ignored
    .map(({ hw }) => normalizeReportedMac(hw))
    .filter((mac) => mac !== null)
    .filter((mac) => nicsByMac.find(mac).length > 0 && keptByMac.find(mac).length === 0);
  return macs.length === 0 ? null : [...new Set(macs)].sort().join(" ");
}
