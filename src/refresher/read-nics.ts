import { HostError } from "../vdsm/errors.js";
import type { ReportedNic } from "../vdsm/records/types.js";
import type { HostLink } from "./host-link.js";

/** The answers about vNICs, and why some are missing; `null`: none is. */
export interface NicAnswers {
  readonly nics: ReadonlyMap<string, readonly ReportedNic[]>;
  readonly failure: string | null;
}

/**
 * Asks a host for the vNICs of these VMs. Missing answers do not fail the pass, because the guests' reports are still good.
 */
export async function readNics(
  link: HostLink,
  vmIds: readonly string[],
  signal: AbortSignal,
): Promise<NicAnswers> {
  const nics = new Map<string, readonly ReportedNic[]>();
  let failure: string | null = null;
  let splitsLeft = MAX_SPLITS;
  const parts: (readonly string[])[] = [];
  for (let from = 0; from < vmIds.length; from += VMS_PER_CALL)
    parts.push(vmIds.slice(from, from + VMS_PER_CALL));
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    try {
      const answer = await askNics(link, part, signal);
      for (const [vmId, reported] of answer) nics.set(vmId, reported);
    } catch (error) {
      if (!(error instanceof HostError) || error.kind === "aborted") throw error;
      // VDSM fails the complete call if one of the VMs is gone, which may have ended a moment ago.
      if (error.kind === "fault" && part.length > 1 && splitsLeft > 0) {
        splitsLeft -= 1;
        const half = Math.ceil(part.length / 2);
        parts.unshift(part.slice(0, half), part.slice(half));
        continue;
      }
      failure ??= error.message;
      // A host that does not answer is not asked again in this pass.
      if (error.kind !== "fault") break;
    }
  }
  return { nics, failure };
}

/** Asks with the verb that the host's release supports. */
async function askNics({ vdsm, memory }: HostLink, vmIds: readonly string[], signal: AbortSignal) {
  if (!memory.lacksDumpxmls) {
    try {
      return await vdsm.dumpxmls(vmIds, signal);
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== METHOD_NOT_FOUND) throw error;
      memory.lacksDumpxmls = true;
    }
  }
  return vdsm.getVMFullList(vmIds, signal);
}

/**
 * The number of VMs in one call. A domain's XML is about 10 kB, and reading it takes a quarter of a millisecond. After a
 * restart of vdsmd all VMs of a host are asked for, which is too much for one answer.
 */
const VMS_PER_CALL = 100;

/** Enough splits to find a handful of VMs that are gone. A host that refuses everything is not asked a hundred times. */
const MAX_SPLITS = 32;

/** JSON-RPC's code: the release does not have the verb. `Host.dumpxmls` came with 4.2. */
const METHOD_NOT_FOUND = -32601;
