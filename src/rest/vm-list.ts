import type { Loaders } from "../loaders/loaders.js";
import type { VmRow } from "../loaders/rows.js";
import { OvirtFaultError } from "./fault.js";
import { MAX_DEPTH, type ListRequest } from "./request/list-request.js";

/** A page of VMs by name, and whether there is another. */
export interface VmList {
  readonly vms: readonly VmRow[];
  readonly hasNext: boolean;
}

/** Reads a page in one statement: whatever comes before it is read too, and dropped. */
export async function listVms(loaders: Loaders, { max, page, search }: ListRequest): Promise<VmList> {
  const { filter, name } = search;
  const end = max * page;
  // The database knows parts of names; how many of those it finds are the name itself, only reading them tells.
  const limit = name === null ? end + 1 : MAX_DEPTH + 1;
  const rows = await loaders.vmsPage({ limit, after: null, filter, order: "NAME_ASC" });
  if (name !== null && rows.length > MAX_DEPTH) {
    throw new OvirtFaultError(400, `search: more than ${MAX_DEPTH} VMs have a part of this name; narrow it`);
  }
  const found = name === null ? rows : rows.filter((vm) => name(vm.name));
  return { vms: found.slice(end - max, end), hasNext: found.length > end };
}

/**
 * Refuses an answer that nobody could write in reasonable time: one VM with containers has hundreds of interfaces. They are
 * read by this, and remembered for the answer.
 */
export async function checkInterfaceCount(loaders: Loaders, vms: readonly VmRow[]): Promise<void> {
  const interfaces = await Promise.all(vms.map((vm) => loaders.guestInterfacesByVm.load(vm.id)));
  const count = interfaces.reduce((sum, rows) => sum + rows.length, 0);
  if (count > MAX_INTERFACES) {
    throw new OvirtFaultError(
      400,
      `max: these ${vms.length} VMs have ${count} interfaces, more than ${MAX_INTERFACES}; ask for fewer`,
    );
  }
}

const MAX_INTERFACES = 10_000;
