import type { PastVm } from "../../../src/store/changes/change-log.js";
import type { VmVersion } from "../../../src/store/changes/versions/vm-version.js";

/** Returns the version alone, without what is known of its times. */
export function omitTimes({
  lastReportedAt: _,
  lastChangedAt: __,
  staleSince: ___,
  ...version
}: PastVm): VmVersion {
  return version;
}
