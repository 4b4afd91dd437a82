import type { Queryable } from "../../postgres/sql.js";
import type { VmScope } from "../../types.js";
import type { AddressSpan } from "../past/history-types.js";
import { roundUpToMs } from "../../postgres/exact-time.js";
import { readSeenIntervals, type SeenInterval } from "../past/seen-intervals.js";
import type { Span } from "./follow-spans.js";
import { getPosition } from "./span-order.js";

/**
 * Cuts spans to the times at which their VMs were in the scope; `null` cuts nothing. The order of the spans stays, and the
 * parts of one span come with the latest first.
 */
export async function clipSpans(
  database: Queryable,
  spans: readonly Span[],
  scope: VmScope | null,
): Promise<AddressSpan[]> {
  if (scope === null) return spans.map((span) => toAddressSpan(span, span));
  const vmIds = [...new Set(spans.map(({ vmId }) => vmId))];
  const seen = vmIds.length === 0 ? [] : await readSeenIntervals(database, vmIds, scope);
  return spans.flatMap((span) =>
    seen
      .filter(({ vmId }) => vmId === span.vmId)
      .map((interval) => clip(span, interval))
      .filter((part) => part !== null)
      .map((part) => toAddressSpan(span, part)),
  );
}

type Part = Pick<Span, "since" | "until">;

function clip({ since, until }: Part, { fromAt, toAt }: SeenInterval): Part | null {
  const from = roundUpToMs(fromAt);
  const to = roundUpToMs(toAt);
  const start = Math.max(since?.getTime() ?? -Infinity, from);
  const end = Math.min(until?.getTime() ?? Infinity, to);
  if (start >= end) return null;
  return {
    since: start === -Infinity ? null : new Date(start),
    until: end === Infinity ? null : new Date(end),
  };
}

function toAddressSpan(span: Span, { since, until }: Part): AddressSpan {
  const { vmId, address, device, mac } = span;
  return { vmId, address, deviceName: device, macAddress: mac, since, until, position: getPosition(span) };
}
