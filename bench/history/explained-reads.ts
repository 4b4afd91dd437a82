import type pg from "pg";
import { createReader } from "../../src/store/read/reader.js";
import type { ReadStore } from "../../src/store/types.js";

/** The cost of statements in the database alone. */
export interface DatabaseCost {
  /** Planning and executing. */
  readonly milliseconds: number;
  /** Blocks of 8 kB, found in memory or read. */
  readonly blocks: number;
  readonly indexes: ReadonlySet<string>;
  /** Tables of more than a page that were read completely. */
  readonly scanned: ReadonlySet<string>;
}

/** Opens reads on one connection. The database reports the cost of each of their statements. */
export function openExplainedReads(client: Pick<pg.Client, "query">): {
  readonly reads: ReadStore;
  /** Returns the cost of all statements since the last call. Each is run once more under EXPLAIN. */
  takeCost(): Promise<DatabaseCost>;
} {
  let sent: { readonly sql: string; readonly values: readonly unknown[] }[] = [];
  const spy = {
    query: async (sql: string, values: unknown[] = []): Promise<unknown> => {
      sent.push({ sql, values });
      return (await client.query<Record<string, unknown>>(sql, values)).rows;
    },
  };
  return {
    reads: createReader(spy, null),
    takeCost: async () => {
      const statements = sent;
      sent = [];
      const cost = { milliseconds: 0, blocks: 0, indexes: new Set<string>(), scanned: new Set<string>() };
      for (const { sql, values } of statements) {
        if (!/^\s*(SELECT|WITH)/i.test(sql)) continue;
        const { rows } = await client.query<{ "QUERY PLAN": [Explained] }>(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
          [...values],
        );
        const [explained] = rows[0]?.["QUERY PLAN"] ?? [];
        if (explained === undefined) throw new Error("EXPLAIN gave no plan");
        cost.milliseconds += explained["Planning Time"] + explained["Execution Time"];
        cost.blocks += explained.Plan["Shared Hit Blocks"] + explained.Plan["Shared Read Blocks"];
        walk(explained.Plan, (node) => {
          if (node["Index Name"] !== undefined) cost.indexes.add(node["Index Name"]);
          const isWhole =
            node["Node Type"] === "Seq Scan" && node["Shared Hit Blocks"] + node["Shared Read Blocks"] > 1;
          if (isWhole) cost.scanned.add(node["Relation Name"] ?? "?");
        });
      }
      return cost;
    },
  };
}

interface Explained {
  readonly "Planning Time": number;
  readonly "Execution Time": number;
  readonly Plan: PlanNode;
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}

function walk(node: PlanNode, visit: (node: PlanNode) => void): void {
  visit(node);
  for (const child of node.Plans ?? []) walk(child, visit);
}
