import type { Reading } from "../refresh/reading.js";
import type { Writing } from "../refresh/writing.js";

/** Draws both parts of a refresh as bars: reading by size of the fleet, and ways of writing on a logarithmic scale. */
export function plot(readings: readonly Reading[], writing: Writing): string {
  const reading = readings.flatMap(({ vms, parseMicros, unchangedMicros, onePercentMicros }) => [
    { name: `${vms} VMs: JSON.parse alone`, value: parseMicros, color: GREY },
    { name: "pass, nothing changed", value: unchangedMicros, color: BLUE },
    { name: "pass, 1 % changed", value: onePercentMicros, color: PALE },
  ]);
  const ways = writing.ways.map(({ name, cpuVsFloor }) => ({
    name,
    value: cpuVsFloor,
    color: name === "vnic-graph" ? BLUE : GREY,
  }));
  const most = Math.max(...reading.map(({ value }) => value));
  const mostWays = Math.max(10, ...ways.map(({ value }) => value));
  const upper = plotPanel("Reading: CPU microseconds a VM", reading, 0, (value) => value / most);
  const lower = plotPanel(
    `Writing ${writing.changedVms} changed of ${writing.vms} VMs: server CPU over a hand-written UPDATE (log scale)`,
    ways,
    upper.height + 24,
    (value) => Math.log10(2 * Math.max(value, 0.6)) / Math.log10(2 * mostWays),
  );
  const height = upper.height + lower.height + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" font-family="sans-serif" font-size="13">
<rect width="760" height="${height}" fill="white"/>
${upper.text}
${lower.text}
</svg>
`;
}

interface Bar {
  readonly name: string;
  readonly value: number;
  readonly color: string;
}

function plotPanel(title: string, bars: readonly Bar[], top: number, shareOf: (value: number) => number) {
  const lines = bars.map(({ name, value, color }, at) => {
    const y = top + 36 + at * ROW;
    const width = Math.max(1, Math.round(BAR_WIDTH * shareOf(value)));
    return [
      `<text x="240" y="${y + 14}" text-anchor="end">${name}</text>`,
      `<rect x="250" y="${y}" width="${width}" height="18" fill="${color}"/>`,
      `<text x="${256 + width}" y="${y + 14}">${value.toFixed(value < 10 ? 2 : 0)}</text>`,
    ].join("\n");
  });
  const heading = `<text x="12" y="${top + 22}" font-weight="bold">${title}</text>`;
  return { text: [heading, ...lines].join("\n"), height: 44 + bars.length * ROW };
}

const ROW = 24;
const BAR_WIDTH = 430;
const GREY = "#9aa5b1";
const BLUE = "#1f6feb";
const PALE = "#79b8ff";
