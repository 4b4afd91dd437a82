import type { VmConditionSql } from "../store/read/conditions/search-conditions.js";
import type { PrimaryRanking } from "./primary/ranking.js";

/** How an engine's VMs are found and put in order. */
export interface EngineSource {
  readonly conditions: VmConditionSql;
  readonly ranking: PrimaryRanking;
}
