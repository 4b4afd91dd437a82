/** What the graph may know of the store: the shapes of rows and questions, never the store itself. */
export type {
  GuestInterface,
  HostRow,
  Nic,
  StaleReason,
  VmCursor,
  VmFilter,
  VmOrder,
  VmRow,
} from "../store/types.js";
export type { VmSearch, VmSort } from "../store/vm-search.js";
export type { NamedRow, VmOrigin } from "../store/inventory-types.js";
export type { TextMatch } from "../store/read/conditions/text-match.js";
