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
