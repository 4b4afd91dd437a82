import { computeMedian } from "../support/median.js";
import type { Measured } from "./report.js";

/** Draws the requests a second of each peer. Each query has a panel with a scale of its own. */
export function plotReads(measured: readonly Measured[]): string {
  const queries = [...new Set(measured.map(({ query }) => query))];
  const panels: string[] = [];
  let top = 0;
  for (const query of queries) {
    const bars = measured
      .filter((each) => each.query === query && each.peer.name !== "memory")
      .map(({ peer, rounds }) => ({
        name: peer.name,
        rate: computeMedian(rounds.map(({ requestsPerSecond }) => requestsPerSecond)),
      }));
    const most = Math.max(...bars.map(({ rate }) => rate));
    panels.push(`<text x="12" y="${top + 22}" font-weight="bold">${query}: requests a second</text>`);
    for (const [at, { name, rate }] of bars.entries()) {
      const y = top + 36 + at * ROW;
      const width = Math.max(1, Math.round((BAR_WIDTH * rate) / most));
      panels.push(
        `<text x="240" y="${y + 14}" text-anchor="end">${name}</text>`,
        `<rect x="250" y="${y}" width="${width}" height="18" fill="${name.startsWith("vnic-graph") ? BLUE : GREY}"/>`,
        `<text x="${256 + width}" y="${y + 14}">${rate.toFixed(rate < 100 ? 1 : 0)}</text>`,
      );
    }
    top += 52 + bars.length * ROW;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${top}" font-family="sans-serif" font-size="13">
<rect width="760" height="${top}" fill="white"/>
${panels.join("\n")}
</svg>
`;
}

const ROW = 24;
const BAR_WIDTH = 430;
const GREY = "#9aa5b1";
const BLUE = "#1f6feb";
