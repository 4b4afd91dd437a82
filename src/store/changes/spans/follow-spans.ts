import { formatHeldKey, type HeldAddress, type HeldChange } from "./held-addresses.js";

/** A time during which a VM had an address. */
export interface Span extends HeldAddress {
  readonly vmId: string;
  /** `null`: it began before the log did. */
  readonly since: Date | null;
  /** The `seq` of the change that began it; 0: it began before the log did. */
  readonly sinceSeq: bigint;
  /** `null`: the VM still has it. */
  readonly until: Date | null;
}

/** The end of a span that was open. */
export interface SpanEnd extends HeldAddress {
  readonly vmId: string;
  readonly until: Date;
}

/** A change of a VM's addresses, with its time and `seq`. */
export interface SpanChange extends HeldChange {
  readonly at: Date;
  readonly seq: bigint;
}

/** The effect of changes on a VM's spans: open spans that end, and spans that begin. */
export interface SpanChanges {
  readonly ended: readonly SpanEnd[];
  readonly begun: readonly Span[];
}

/** Computes which spans of one VM end and begin by its changes. The oldest change must come first. */
export function followSpans(vmId: string, changes: readonly SpanChange[]): SpanChanges {
  const open = new Map<string, Span>();
  const ended: SpanEnd[] = [];
  const begun: Span[] = [];
  for (const { at, seq, lost, got } of changes) {
    for (const held of lost) {
      const key = formatHeldKey(held);
      const span = open.get(key);
      open.delete(key);
      if (span === undefined) ended.push({ ...held, vmId, until: at });
      else begun.push({ ...span, until: at });
    }
    for (const held of got) {
      open.set(formatHeldKey(held), { ...held, vmId, since: at, sinceSeq: seq, until: null });
    }
  }
  return { ended, begun: [...begun, ...open.values()] };
}

/** Lists all spans of a VM from its changes, oldest first, and from the addresses that it had before. */
export function listSpans(
  vmId: string,
  changes: readonly SpanChange[],
  heldBefore: readonly HeldAddress[],
): Span[] {
  const { ended, begun } = followSpans(vmId, changes);
  const ends = new Map(ended.map((end) => [formatHeldKey(end), end.until]));
  const older = heldBefore.map((held): Span => {
    return { ...held, vmId, since: null, sinceSeq: 0n, until: ends.get(formatHeldKey(held)) ?? null };
  });
  return [...older, ...begun];
}
