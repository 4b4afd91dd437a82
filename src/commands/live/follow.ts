import { once } from "node:events";
import type { Writable } from "node:stream";
import { escapeUnprintable } from "../../model/printable.js";
import { parseList } from "../../config/setting-types.js";
import { askAgain } from "./ask-again.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { LiveGateway } from "./live-gateway.js";

/** What to follow: the arguments of `guestNetworkChanged`. */
export interface FollowTask {
  readonly after: string | null;
  readonly filter: Readonly<Record<string, unknown>>;
}

/** Parses the flags. */
export function readFollowTask(flags: Readonly<Record<string, string | undefined>>): FollowTask {
  const { after = null, vmIds, name, vmHostId, network, within, kinds } = flags;
  return {
    after,
    filter: {
      vmIds: vmIds === undefined ? null : parseList(vmIds),
      namePattern: name ?? null,
      hostId: vmHostId ?? null,
      network: network ?? null,
      inCidr: within ?? null,
      kinds: kinds === undefined ? null : parseList(kinds.toUpperCase()),
    },
  };
}

/**
 * Writes each change as a line of JSON, no faster than the output takes them. Ends with the signal, or when nobody
 * reads the output any more.
 */
export async function runFollowCommand(
  { after, filter }: FollowTask,
  gateway: LiveGateway,
  output: Writable,
  hint: (line: string) => void,
  stopping: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const end = () => {
    ended.abort();
  };
  stopping.addEventListener("abort", end);
  output.once("error", end);
  let cursor = after;
  const ask = () => ({ query: QUERY, variables: { filter, after: cursor } });
  for await (const { guestNetworkChanged: event } of askAgain<Changed>({ gateway, ask, hint, signal })) {
    if (typeof event?.cursor !== "string")
      throw new GatewayRefusedError("the gateway's answer holds no change with a cursor");
    const isTaken = output.write(`${escapeUnprintable(JSON.stringify(event))}\n`);
    cursor = event.cursor;
    if (!isTaken) await once(output, "drain", { signal }).catch(() => undefined);
  }
}

/** An answer, before it is checked: another process sent it. */
interface Changed {
  readonly guestNetworkChanged?: { readonly cursor?: unknown } | null;
}

const QUERY = `subscription ($filter: GuestNetworkFilter, $after: String) {
  guestNetworkChanged(filter: $filter, after: $after) {
    kind cursor at vmId changes { kind summary } before { ...State } after { ...State }
  }
}
fragment State on Vm {
  id name status
  guestInfo { fqdn ips stale staleReason networkDevices { name macAddress ipv4Addresses ipv6Addresses } }
  nics { id name macAddress network }
}`;
