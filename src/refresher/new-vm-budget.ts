import { sightVms, type PassInput, type Sightings } from "./plan/sightings.js";

/** The VMs of a pass that may be stored, and what is told of the new ones that may not, by VM. */
export interface LimitedSightings {
  readonly sightings: Sightings;
  /** How many of them nobody knew: their credit is taken when they are written. */
  readonly added: number;
  readonly leftOut: ReadonlyMap<string, string>;
}

/**
 * Limits how many VMs one host may add that nobody knew. VMs stay stored when they have ended, so a host that reports other
 * ids at each pass would fill the database and every list. Credit grows with time, up to an amount that the first pass over
 * the largest host does not exceed.
 */
export class NewVmBudget {
  private credit = MOST_CREDIT;
  private atMs: number;
  /** The VM at which it is told that new ones are left out. It stays the same, so that this is told once. */
  private toldAt: string | null = null;

  constructor(private readonly now: () => number) {
    this.atMs = now();
  }

  /**
   * Sights the VMs of a pass without the new ones for which there is no credit. The others take their credit when the pass is
   * written ({@link take}).
   */
  limit(input: PassInput): LimitedSightings {
    const nowMs = this.now();
    this.credit = Math.min(MOST_CREDIT, this.credit + (nowMs - this.atMs) / MS_OF_A_VM);
    this.atMs = nowMs;
    const sightings = sightVms(input);
    const found = sightings.vms.filter(({ stored, reported }) => stored === null && reported !== null);
    const left = found.slice(Math.floor(this.credit)).map(({ vmId }) => vmId);
    const added = found.length - left.length;
    const last = left.at(-1);
    if (last === undefined) {
      this.toldAt = null;
      return { sightings, added, leftOut: new Map() };
    }
    const leftIds = new Set(left);
    const vms = sightings.vms.filter(({ vmId }) => !leftIds.has(vmId));
    if (this.toldAt === null || vms.some(({ vmId }) => vmId === this.toldAt)) this.toldAt = last;
    // The VMs that are left out are looked at again at the next pass, as those that cannot be read.
    return {
      sightings: { ...sightings, vms, hasRejected: true },
      added,
      leftOut: new Map([[this.toldAt, LEFT_OUT]]),
    };
  }

  /** Takes the credit of VMs that were added. */
  take(added: number): void {
    this.credit -= added;
  }
}

/** As many VMs as one answer may have. */
export const MOST_CREDIT = 65_536;

/** Time in which a host may add one more VM: 43,200 a day, which no host can start. */
export const MS_OF_A_VM = 2_000;

const LEFT_OUT =
  `is left out, as other new VMs of this host may be: one host may add ${MOST_CREDIT} VMs, ` +
  `and one more every ${MS_OF_A_VM / 1_000} seconds`;
