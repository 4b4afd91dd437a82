import type { VmVersion } from "../store/changes/versions/version-types.js";
import type * as store from "../store/types.js";

/** The part of the store that the graph may know: the types of rows and questions, never the store itself. */
export type {
  AddressSpan,
  ChangePosition,
  HistoryBounds,
  HostRow,
  PastVm,
  ReadSnapshot,
  SpanPosition,
  StaleReason,
  VmChange,
  VmCursor,
  VmFilter,
  VmOrder,
  VmPageRequest,
  VmScope,
} from "../store/types.js";
export type {
  AddressConflictRow,
  DriftRow,
  FindingReads,
  GuestAddressRow,
  MacConflictRow,
  NetworkStatsKey,
  NetworkStatsRow,
} from "../store/finding-types.js";
export type { VmVersion } from "../store/changes/versions/version-types.js";
export type { HostTrees, StillHolds, TreeReads, VmTree, VmTreeParts } from "../store/vm-tree.js";
export type { MappedAddresses, VmSearch, VmSort } from "../store/vm-search.js";
export type { NamedRow, VmOrigin } from "../store/inventory-types.js";
export type { TextMatch } from "../store/read/conditions/text-match.js";

/** A row that may be of the past. Then it holds its VM's version; a row of the present holds none. */
export interface OfPast {
  readonly past?: VmVersion;
}

export type VmRow = store.VmRow & OfPast;
export type Nic = store.Nic & OfPast;
export type GuestInterface = store.GuestInterface & OfPast;
