import { HostError, type HostErrorKind } from "../vdsm/errors.js";
import type { ReportedNic } from "../vdsm/records/types.js";
import type { HostLink } from "./host-link.js";

/** The answers about vNICs, and why some are missing. */
export interface NicAnswers {
  readonly nics: ReadonlyMap<string, readonly ReportedNic[]>;
  /** VMs that have vNICs that cannot be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Why the host was not asked for all VMs; `null`: it was. */
  readonly failure: string | null;
}

/**
 * Asks a host for the vNICs of these VMs. Missing answers do not fail the pass, because the guests' reports are still good.
 * 1. Ask for a hundred VMs at a time.
 * 2. If VDSM refuses a call, or its answer cannot be parsed, ask for each half: one VM fails the call for all of them.
 * 3. If the host has no verb for this, nothing else is asked.
 * 4. If it refuses a VM alone, that VM may have ended after the host reported it. It counts as unreadable if the host
 *    refuses it at the next pass too.
 * 5. After {@link MOST_NICS_OF_A_PASS} vNICs it is not asked for more, since all of them are in memory together.
 */
export async function readNics(
  link: HostLink,
  vmIds: readonly string[],
  signal: AbortSignal,
): Promise<NicAnswers> {
  const nics = new Map<string, readonly ReportedNic[]>();
  const unreadable = new Map<string, string>();
  const refused = new Map<string, string>();
  let failure: string | null = null;
  let splitsLeft = MAX_SPLITS;
  let nicsLeft = MOST_NICS_OF_A_PASS;
  const parts: (readonly string[])[] = [];
  for (let from = 0; from < vmIds.length; from += VMS_PER_CALL)
    parts.push(vmIds.slice(from, from + VMS_PER_CALL));
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (nicsLeft <= 0) {
      failure ??= `its VMs have more than ${MOST_NICS_OF_A_PASS} vNICs`;
      break;
    }
    try {
      const answer = await askNics(link, part, signal);
      for (const vmId of part) {
        const reported = answer.get(vmId);
        if (reported === undefined) unreadable.set(vmId, DAMAGED);
        else nics.set(vmId, reported);
        nicsLeft -= reported?.length ?? 0;
      }
    } catch (error) {
      if (!(error instanceof HostError) || error.kind === "aborted") throw error;
      if (isMethodMissing(error)) return { nics, unreadable, failure: error.message };
      const splitCost = SPLIT_COSTS.get(error.kind);
      if (splitCost !== undefined && part.length > 1 && splitsLeft >= splitCost) {
        splitsLeft -= splitCost;
        const half = Math.ceil(part.length / 2);
        parts.unshift(part.slice(0, half), part.slice(half));
        continue;
      }
      const [first] = part;
      if (splitCost !== undefined && part.length === 1 && first !== undefined) {
        refused.set(first, error.message);
        continue;
      }
      failure ??= error.message;
      // A host that does not answer, or not in its protocol, is not asked again in this pass.
      if (error.kind !== "fault") break;
    }
  }
  // A host that fails for most of its VMs is one failure, not one for each VM.
  const before = failure === null ? link.memory.refusedNics : new Set<string>();
  for (const [vmId, reason] of refused) if (before.has(vmId)) unreadable.set(vmId, reason);
  link.memory.refusedNics = new Set(refused.keys());
  return { nics, unreadable, failure };
}

/**
 * Asks with the verb that the host's release supports. If it has neither verb, or one that tells nothing, it may have become
 * another release without a failed pass. So the next pass begins with `dumpxmls` again.
 */
async function askNics({ vdsm, memory }: HostLink, vmIds: readonly string[], signal: AbortSignal) {
  if (!memory.lacksDumpxmls) {
    try {
      return await vdsm.dumpxmls(vmIds, signal);
    } catch (error) {
      if (!isMethodMissing(error)) throw error;
      memory.lacksDumpxmls = true;
    }
  }
  try {
    const answer = await vdsm.getVMFullList(vmIds, signal);
    if (answer.size === 0) memory.lacksDumpxmls = false;
    return answer;
  } catch (error) {
    if (isMethodMissing(error)) memory.lacksDumpxmls = false;
    throw error;
  }
}

function isMethodMissing(error: unknown): boolean {
  return error instanceof HostError && error.code === METHOD_NOT_FOUND;
}

/**
 * The number of VMs in one call. A domain's XML is about 10 kB, and reading it takes a quarter of a millisecond. After a
 * restart of vdsmd all VMs of a host are asked for, which is too much for one answer.
 */
const VMS_PER_CALL = 100;

/** A host of the most VMs that an answer may have reaches it with two for each. */
export const MOST_NICS_OF_A_PASS = 131_072;

/** Enough splits to find a handful of VMs that are gone. A host that refuses everything is not asked a hundred times. */
const MAX_SPLITS = 32;

/**
 * The cost of a split by what went wrong; absent: halves would not help. An answer that is too large can be found in a
 * hundred by seven splits, and each of them may carry as much again.
 */
const SPLIT_COSTS: ReadonlyMap<HostErrorKind, number> = new Map([
  ["fault", 1],
  ["protocol", 4],
]);

const DAMAGED = "the host's domain XML of it is damaged, or exceeds a limit";

/** JSON-RPC's code: the release does not have the verb. `Host.dumpxmls` came with 4.2. */
const METHOD_NOT_FOUND = -32601;
