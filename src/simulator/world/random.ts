/** A random generator with a seed. The same seed gives the same numbers on every machine, so a scenario can be repeated. */
export class Random {
  private state: number;

  constructor(seed: number | string) {
    this.state = typeof seed === "number" ? seed >>> 0 : computeHash32(seed);
  }

  /** Draws a number in [0, 1), by mulberry32. Its 32 bits of state are enough for realistic guests. */
  draw(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Draws an integer between both ends, each included. */
  drawInt(least: number, most: number): number {
    return least + Math.floor(this.draw() * (most - least + 1));
  }

  drawChance(probability: number): boolean {
    return this.draw() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.drawInt(0, choices.length - 1)] ?? choices[0];
  }

  drawHex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.drawInt(0, 15).toString(16);
    return text;
  }

  drawUuid(): string {
    const variant = this.pick(["8", "9", "a", "b"]);
    return `${this.drawHex(8)}-${this.drawHex(4)}-4${this.drawHex(3)}-${variant}${this.drawHex(3)}-${this.drawHex(12)}`;
  }
}

/** Computes FNV-1a with 64 bits. It is signed, because VDSM's field `hash` is Python's `hash()`. */
export function computeHash64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  }
  return BigInt.asIntN(64, hash);
}

function computeHash32(text: string): number {
  return Number(BigInt.asUintN(32, computeHash64(text)));
}
