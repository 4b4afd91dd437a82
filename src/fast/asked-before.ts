/**
 * Remembers which keys were noted in the last moments, in a few bytes each. Of two keys with the same place the newer one is
 * remembered; and of four billion keys one is taken for another.
 */
export class AskedBefore {
  private readonly digests = new Uint32Array(PLACES);
  private readonly times = new Float64Array(PLACES).fill(-Infinity);

  constructor(private readonly longestMs: number) {}

  /** Notes a key. Returns whether the same was noted a moment ago. */
  note(key: string, nowMs: number): boolean {
    const digest = digestText(key);
    const place = digest % PLACES;
    const wasNoted =
      this.digests[place] === digest && nowMs - (this.times[place] ?? -Infinity) < this.longestMs;
    this.digests[place] = digest;
    this.times[place] = nowMs;
    return wasNoted;
  }
}

/** So many different questions come in a second to a process at most, and it is a prime. */
const PLACES = 16_381;

/** FNV-1a of a text's code units, as a number of 32 bits. */
function digestText(text: string): number {
  let digest = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193);
  return digest >>> 0;
}
