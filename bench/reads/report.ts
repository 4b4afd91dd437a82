import { computeMedian } from "../support/median.js";
import type { PeerSpec, QueryName, Round } from "./types.js";

/** All rounds of one peer with one query. */
export interface Measured {
  readonly peer: PeerSpec;
  readonly query: QueryName;
  readonly rounds: readonly Round[];
}

/** Ratios of requests per second for one query: ours divided by another's. */
interface Ratios {
  readonly vsBestPeer: number | null;
  readonly vsLimit: number | null;
  readonly vsTutorial: number | null;
  readonly vsMercurius: number | null;
}

/** Formats the figures as a table for people, by query and peer. They are medians of the rounds. */
export function formatTable(measured: readonly Measured[]): string {
  const head = "| query | peer | requests/s | × limit | p50 ms | p99 ms | node ms | PostgreSQL ms | RSS MB |";
  const lines = measured.map(({ peer, query, rounds }) => {
    const limit = findRate(measured, query, (name) => name === "limit");
    const rate = computeMedianOf(rounds, "requestsPerSecond");
    const cells = [
      query,
      peer.name,
      rate.toFixed(rate < 100 ? 1 : 0),
      limit === null ? "" : (rate / limit).toFixed(2),
      computeMedianOf(rounds, "p50").toFixed(0),
      computeMedianOf(rounds, "p99").toFixed(0),
      computeMedianOf(rounds, "nodeCpuMs").toFixed(2),
      computeMedianOf(rounds, "postgresCpuMs").toFixed(2),
      computeMedianOf(rounds, "rssMb").toFixed(0),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|---|---:|---:|---:|---:|---:|---:|---:|", ...lines].join("\n");
}

/**
 * Compares our gateway with the others for each query, as the last line of the output.
 * - `cold`: only plans are kept between requests.
 * - `warm`: as the gateway ships, with other questions about VMs that were read before.
 * - `again`: one question again and again.
 * - `plain`: the resolvers answer what the fast path would; nothing is kept.
 */
export function computeRatios(
  measured: readonly Measured[],
): Record<"cold" | "warm" | "again" | "plain", Record<string, Ratios>> {
  return {
    cold: computeRatiosOf(measured, "vnic-graph (nothing kept)"),
    warm: computeRatiosOf(measured, "vnic-graph"),
    again: computeRatiosOf(measured, "vnic-graph (the same again)"),
    plain: computeRatiosOf(measured, "vnic-graph (plain resolvers)"),
  };
}

function computeRatiosOf(measured: readonly Measured[], own: string): Record<string, Ratios> {
  const queries = [...new Set(measured.map(({ query }) => query))];
  return Object.fromEntries(
    queries.map((query) => {
      const ours = findRate(measured, query, (name) => name === own);
      const ratio = (isOther: (name: string) => boolean) => {
        const other = findRate(measured, query, isOther);
        return ours === null || other === null ? null : Number((ours / other).toFixed(3));
      };
      return [
        query,
        {
          vsBestPeer: ratio((name) => !name.startsWith("vnic-graph") && !REFERENCES.includes(name)),
          vsLimit: ratio((name) => name === "limit"),
          vsTutorial: ratio((name) => name === "tutorial"),
          vsMercurius: ratio((name) => name === "mercurius"),
        },
      ];
    }),
  );
}

/** Finds the requests per second of the fastest of these peers; `null` if none was measured. */
function findRate(
  measured: readonly Measured[],
  query: QueryName,
  isWanted: (name: string) => boolean,
): number | null {
  const rates = measured
    .filter((each) => each.query === query && isWanted(each.peer.name))
    .map(({ rounds }) => computeMedianOf(rounds, "requestsPerSecond"));
  return rates.length === 0 ? null : Math.max(...rates);
}

/** Computes the median of one figure of the rounds. */
export function computeMedianOf(rounds: readonly Round[], figure: keyof Round): number {
  return computeMedian(rounds.map((round) => round[figure]));
}

/** Peers that are no GraphQL servers. They show the least cost of an answer. */
const REFERENCES: readonly string[] = ["limit", "rows", "memory"];
