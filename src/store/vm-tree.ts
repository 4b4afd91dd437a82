import type { VmRow } from "./row-types.js";
import type { VmPageRequest } from "./vm-search.js";
import type { GuestInterface, Nic } from "./vm-types.js";

/** Which parts of VMs are read; what is not asked for costs nothing. */
export interface VmTreeParts {
  /** The whole row, with what the state of the host adds to it; otherwise what {@link VmTree.vm} has. */
  readonly row: boolean;
  readonly interfaces: boolean;
  readonly nics: boolean;
}

/** A VM and what hangs on it, all of one state of the database. Lists that were not asked for are empty. */
export interface VmTree {
  readonly vm: Pick<VmRow, "id" | "name" | "status" | "interfacesKnown" | "nicsKnown" | "orderKey">;
  /** `null`: not asked for. */
  readonly row: VmRow | null;
  /** In reported order. */
  readonly interfaces: readonly GuestInterface[];
  /** In no order. */
  readonly nics: readonly Nic[];
}

/** A vNIC and the VM that has it. */
export interface NicTree {
  readonly nic: Nic;
  readonly tree: VmTree;
}

/** Reads of VMs with what hangs on them, each in one statement: so each sees one state without a transaction. */
export interface TreeReads {
  readTreesByIds(ids: readonly string[], parts: VmTreeParts): Promise<VmTree[]>;
  readTreesPage(page: VmPageRequest, parts: VmTreeParts): Promise<VmTree[]>;
  /** Reads vNICs by MAC, `limit` at most, in no order. */
  readNicTrees(macs: readonly string[], limit: number, parts: VmTreeParts): Promise<NicTree[]>;
}
