import type { Random } from "../../../src/simulator/world/random.js";

/**
 * Spoils one thing of a result by chance, in the JSON that a host would send: its bytes, its values or its shape. What
 * is asked under another id is nobody's answer, so most of them keep a head that can be read.
 */
export function spoilt(result: unknown, random: Random): string {
  if (random.drawChance(0.3)) return spoiltText(JSON.stringify(result), random);
  const copy = JSON.parse(JSON.stringify(result)) as unknown;
  const places = listPlacesIn(copy);
  for (let changes = random.drawInt(1, 3); changes > 0; changes -= 1) {
    const place = places[random.drawInt(0, places.length - 1)];
    if (place !== undefined) place.set(random.pick(VALUES)());
  }
  return JSON.stringify(copy)
    .replaceAll('"@NaN"', "NaN")
    .replaceAll('"@Infinity"', "-Infinity")
    .replaceAll('"@lone"', '"\\ud800"');
}

function spoiltText(text: string, random: Random): string {
  const at = random.drawInt(0, text.length - 1);
  const other = random.drawInt(0, text.length - 1);
  const ways: readonly [() => string, ...(() => string)[]] = [
    () => text.slice(0, at),
    () => text.slice(0, at) + String.fromCharCode(random.drawInt(0, 127)) + text.slice(at + 1),
    () => text.slice(0, at) + text.slice(Math.min(at, other), Math.max(at, other)) + text.slice(at),
    () => text.replace('"status"', '"vmId":"00000000-0000-4000-8000-0000000000dd","status"'),
    () => "[".repeat(random.drawInt(1, 60_000)) + text,
    () => `${text}${text}`,
    () => "",
  ];
  return random.pick(ways)();
}

interface Place {
  set(value: unknown): void;
}

function listPlacesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const container = value as Record<string, unknown>;
  return Object.keys(container).flatMap((key) => [
    { set: (changed: unknown) => void (container[key] = changed) },
    ...listPlacesIn(container[key]),
  ]);
}

const VALUES: readonly [() => unknown, ...(() => unknown)[]] = [
  () => null,
  () => true,
  () => -1,
  () => 1e308,
  () => "@NaN",
  () => "@Infinity",
  () => "@lone",
  () => "",
  () => "\u0000",
  () => "x".repeat(70_000),
  () => [],
  () => ({}),
  () => [[[[null]]]],
  () => ({ __proto__: null, constructor: { prototype: 1 } }),
  () => "00000000-0000-0000-0000-000000000000",
  () => "999.999.999.999",
  () => Array.from({ length: 2_000 }, () => "10.1.1.1"),
];
