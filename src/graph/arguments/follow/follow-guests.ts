import {
  LostCursorError,
  MalformedCursorError,
  SlowReaderError,
  type GuestEvent,
  type GuestInterest,
} from "../../../loaders/guest-events.js";
import { toPastVm } from "../../../loaders/past/past-vm.js";
import { loadPrimaryAddress, type FoundAddress } from "../../../loaders/interfaces/primary-address.js";
import type { PrimaryAddressQuestion } from "../../../model/address/primary-address.js";
import type { FollowGuests, GraphContext } from "../../context.js";
import { createGraphError, createNeverAvailableError } from "../../errors.js";
import type { GuestNetworkFilter } from "../../types/event-types.js";
import { parseId, parseText } from "../arguments.js";

/** Follows the VMs that a client asks for. If the order of events breaks, it throws an error that says how to continue. */
export async function* followGuests(
  context: GraphContext,
  filter: GuestFilterValues | null,
  after: string | null,
): AsyncGenerator<GuestEvent, void, undefined> {
  const follow = findFollowing(context);
  const interest = parseGuestFilter(filter ?? {});
  try {
    yield* follow({ interest, after });
  } catch (error) {
    throw toGraphError(error);
  }
}

/** Waits for the first address of a VM that reaches beyond its link, yields it, and ends. */
export async function* followAddress(
  context: GraphContext,
  vmId: string,
  question: PrimaryAddressQuestion,
): AsyncGenerator<FoundAddress, void, undefined> {
  const follow = followGuests(context, { vmIds: [vmId] }, null);
  for await (const { after } of follow) {
    if (after === null) continue;
    // The VM of an event has all that is needed here, so nothing is read.
    const found = await loadPrimaryAddress(context.loaders, toPastVm(after), {
      ...question,
      beyondLink: true,
    });
    if (found === null) continue;
    yield found;
    return;
  }
}

function findFollowing({ followGuests: follow }: GraphContext): FollowGuests {
  if (follow !== null) return follow;
  throw createNeverAvailableError(
    "subscriptions are not answered here: an engine's database does not say what changes",
  );
}

/** Parses a filter. Names and ids get the form in which they are stored. */
export function parseGuestFilter(filter: GuestFilterValues): GuestInterest {
  const { vmIds, namePattern, hostId, network, inCidr, kinds } = filter;
  if (vmIds != null && vmIds.length > MAX_VMS) {
    throw createGraphError(
      "BAD_USER_INPUT",
      `vmIds: has ${vmIds.length} values; at most ${MAX_VMS} are allowed`,
    );
  }
  return {
    vmIds: vmIds == null ? null : [...new Set(vmIds.map((id) => parseId("vmIds", id)))].sort(),
    namePattern: namePattern == null ? null : parseText("namePattern", namePattern),
    hostId: hostId == null ? null : parseId("hostId", hostId),
    network: network == null ? null : parseText("network", network),
    within: inCidr ?? null,
    kinds: kinds == null ? null : [...new Set(kinds)].sort(),
  };
}

type GuestFilterValues = Pick<GuestNetworkFilter, keyof GuestNetworkFilter>;

const MAX_VMS = 500;

function toGraphError(error: unknown): unknown {
  if (error instanceof MalformedCursorError)
    return createGraphError("BAD_USER_INPUT", `after: ${error.message}`);
  if (error instanceof LostCursorError) return createGraphError("CURSOR_LOST", error.message);
  if (error instanceof SlowReaderError) return createGraphError("SLOW_READER", error.message);
  return error;
}
