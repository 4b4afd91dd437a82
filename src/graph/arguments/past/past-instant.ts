import type { Loaders } from "../../../loaders/loaders.js";
import type { HistoryBounds, Nic, VmRow } from "../../../loaders/rows.js";
import { viewVm } from "../../../loaders/past/vm-view.js";
import { createGraphError, createNeverAvailableError } from "../../errors.js";

/** Loads the VM as it was at a time. `at` is `null`: as it is now. */
export function loadVmAt(loaders: Loaders, vm: VmRow, at: Date | null): VmRow | Promise<VmRow | null> {
  return at === null ? vm : loadPast(loaders, vm.id, at);
}

/** Loads the VM's vNICs as they were at a time; `null`: not known. */
export function loadNicsAt(
  loaders: Loaders,
  vm: VmRow,
  at: Date | null,
): Promise<readonly Nic[] | null> | null {
  if (at === null) return vm.nicsKnown ? viewVm(loaders, vm, vm.id).loadNics() : null;
  return loadPast(loaders, vm.id, at).then((past) =>
    past?.nicsKnown === true ? viewVm(loaders, past, past.id).loadNics() : null,
  );
}

/** Reads the bounds of the history. Throws an error if no history is kept here. */
export async function loadHistoryBounds(loaders: Loaders): Promise<HistoryBounds> {
  const bounds = await loaders.loadHistoryBounds();
  if (bounds !== null) return bounds;
  throw createNeverAvailableError(
    "no history is kept here: this gateway reads an engine's database, which holds only the present",
  );
}

/**
 * Refuses a time in the future. It uses the gateway's own clock, which costs nothing; the database's clock decides in
 * the end.
 */
export function checkNotFuture(argument: string, at: Date, nowMs = Date.now() + CLOCKS_DIFFER_MS): void {
  if (at.getTime() <= nowMs) return;
  throw createGraphError("BAD_USER_INPUT", `${argument}: ${at.toISOString()} is in the future`);
}

async function loadPast(loaders: Loaders, vmId: string, at: Date): Promise<VmRow | null> {
  checkNotFuture("at", at);
  const { keptFrom, now } = await loadHistoryBounds(loaders);
  checkNotFuture("at", at, now.getTime());
  if (at >= keptFrom) return loaders.getVmAt(at).load(vmId);
  throw createGraphError(
    "BAD_USER_INPUT",
    `at: ${at.toISOString()} is before ${keptFrom.toISOString()}, from when on the past is known (HISTORY_RETENTION)`,
  );
}

/** The difference that is allowed between the gateway's clock and the database's. */
const CLOCKS_DIFFER_MS = 60_000;
