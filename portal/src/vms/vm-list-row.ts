import type { ResultOf } from "../api/graphql.js";
import type { VmRowFields } from "../api/queries.js";

/** One row of the list of VMs. */
export type VmListRow = ResultOf<typeof VmRowFields>;
