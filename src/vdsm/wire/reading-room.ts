/** The room of one body, from its first bytes until it has been read. */
export interface Place {
  /** `false`: there is no room yet, so nothing more of the body may be taken in. */
  readonly isInside: boolean;
  /** Notes that the body has come whole, and whether it answers a call. From now on it takes time only here. */
  noteComplete(isAnswer: boolean): void;
  /** Gives the room back. */
  leave(): void;
}

/** Who sends a body. */
export interface Sender {
  /** The same for all connections of one host. */
  readonly host: object;
  /** Called if there was no room at first, when there is. */
  readonly onAdmitted: () => void;
  /** Called when the body must leave, because the rest of it did not come in time. */
  readonly onOverdue: () => void;
}

/** The rooms of the bodies that hosts send at the same time. */
export interface ReadingRooms {
  enter(bytes: number, sender: Sender): Place;
}

/** Creates the rooms of all hosts together. Bodies as usual hosts send them never wait for longer ones. */
export function createReadingRooms(maxBodyBytes: number): ReadingRooms {
  const usual = new ReadingRoom(USUAL_ROOM_BYTES);
  const long = new ReadingRoom(2 * maxBodyBytes);
  return {
    enter: (bytes, sender) => (bytes > USUAL_BODY_BYTES ? long : usual).enter(bytes, sender),
  };
}

/**
 * Bounds the bytes of bodies that are read at the same time. A body without room waits, and is not read meanwhile:
 * 1. Those of hosts that kept no room in vain go first, then those of hosts that did so for the least time; equals go in the order
 *    in which they came.
 * 2. Hosts that kept room in vain share half of it, so the other half is for those that did not. A body may have half of the size.
 * 3. While others wait, a body must come whole within `patienceMs`. If it does not, it has kept its room in vain.
 * 4. That is forgotten when whole answers of the host are together as long as the longest body that it kept in vain.
 */
export class ReadingRoom {
  private readonly waiting = new Set<Reading>();
  private readonly inside = new Set<Reading>();
  /** Which hosts kept room in vain. */
  private readonly wasted = new WeakMap<object, Waste>();
  private alarm: NodeJS.Timeout | undefined;

  constructor(
    private readonly size: number,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  enter(bytes: number, sender: Sender): Place {
    const reading: Reading = { bytes, sender, enteredMs: null, isComplete: false, isDoubtful: false };
    this.waiting.add(reading);
    this.fill(reading);
    return {
      get isInside() {
        return reading.enteredMs !== null;
      },
      noteComplete: (isAnswer) => {
        reading.isComplete = true;
        if (isAnswer) this.makeGood(reading);
      },
      leave: () => {
        this.leave(reading);
      },
    };
  }

  private leave(reading: Reading): void {
    this.waiting.delete(reading);
    if (this.inside.delete(reading) && !reading.isComplete) {
      const { host } = reading.sender;
      const keptMs = performance.now() - (reading.enteredMs ?? 0);
      this.wasted.set(host, {
        ms: this.getWastedMs(reading) + keptMs,
        bytes: Math.max(reading.bytes, this.wasted.get(host)?.bytes ?? 0),
      });
    }
    this.fill();
  }

  /** The lengths count together, because a host's answers may never be as long again. */
  private makeGood({ sender: { host }, bytes }: Reading): void {
    const waste = this.wasted.get(host);
    if (waste === undefined) return;
    waste.bytes -= bytes;
    if (waste.bytes <= 0) this.wasted.delete(host);
  }

  /** Lets in those for whom there is room; `newcomer` is not told, since it can see it. */
  private fill(newcomer?: Reading): void {
    clearTimeout(this.alarm);
    for (;;) {
      const next = this.findNext();
      if (next === null) return;
      const isDoubtful = this.getWastedMs(next) > 0;
      if (!this.hasRoom(next, isDoubtful)) {
        this.watch();
        return;
      }
      this.waiting.delete(next);
      this.inside.add(next);
      next.enteredMs = performance.now();
      next.isDoubtful = isDoubtful;
      if (next !== newcomer) next.sender.onAdmitted();
    }
  }

  private findNext(): Reading | null {
    let best: Reading | null = null;
    for (const each of this.waiting)
      if (best === null || this.getWastedMs(each) < this.getWastedMs(best)) best = each;
    return best;
  }

  private hasRoom({ bytes }: Reading, isDoubtful: boolean): boolean {
    const readings = [...this.inside];
    const doubtful = readings.filter((each) => each.isDoubtful);
    return (
      bytes + sumBytes(readings) <= this.size && (!isDoubtful || bytes + sumBytes(doubtful) <= this.size / 2)
    );
  }

  /** Waits until the first body has had its time, of hosts that kept room in vain before others. */
  private watch(): void {
    const coming = [...this.inside].filter(({ isComplete }) => !isComplete);
    const first = coming.find(({ isDoubtful }) => isDoubtful) ?? coming[0];
    if (first === undefined) return;
    const leftMs = (first.enteredMs ?? 0) + this.patienceMs - performance.now();
    this.alarm = setTimeout(
      () => {
        if (first.isComplete) this.fill();
        else first.sender.onOverdue();
      },
      Math.max(0, Math.ceil(leftMs)),
    );
  }

  private getWastedMs({ sender }: Reading): number {
    return this.wasted.get(sender.host)?.ms ?? 0;
  }
}

/** A body that waits, is coming, or is being read. */
interface Reading {
  readonly bytes: number;
  readonly sender: Sender;
  /** `null`: it waits. */
  enteredMs: number | null;
  isComplete: boolean;
  /** Its host had kept room in vain when it entered. */
  isDoubtful: boolean;
}

interface Waste {
  readonly ms: number;
  /** How long the whole answers must be, together, with which it is forgotten. */
  bytes: number;
}

function sumBytes(readings: readonly Reading[]): number {
  return readings.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Some 1,600 VMs: more than any host is made for. */
const USUAL_BODY_BYTES = 4_194_304;

/** Bodies of 32 hosts, as many as are asked at the same time. */
const USUAL_ROOM_BYTES = 32 * USUAL_BODY_BYTES;

/** In so much time the longest body comes over a tenth of a gigabit. */
const PATIENCE_MS = 10_000;
