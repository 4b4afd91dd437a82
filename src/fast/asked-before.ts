/**
 * Remembers which keys were noted a moment ago, in a few bytes for each. Of two keys in the same slot, only the newer one
 * is remembered. Two different keys look equal once in four billion times.
 */
export class AskedBefore {
  private readonly digests = new Uint32Array(SLOTS);
  private readonly times = new Float64Array(SLOTS).fill(-Infinity);

  constructor(private readonly longestMs: number) {}

  /** Notes a key. Returns `true` if the same key was noted a moment ago. */
  note(key: string, nowMs: number): boolean {
    const digest = digestText(key);
    const slot = digest % SLOTS;
    const wasNoted =
      this.digests[slot] === digest && nowMs - (this.times[slot] ?? -Infinity) < this.longestMs;
    this.digests[slot] = digest;
    this.times[slot] = nowMs;
    return wasNoted;
  }
}

/** The number of slots: no fewer than the different questions that come to a process in a second. It is a prime. */
const SLOTS = 16_381;

/** Computes FNV-1a of a text's code units, as a number of 32 bits. */
function digestText(text: string): number {
  let digest = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193);
  return digest >>> 0;
}
