import type { HostStateEvent } from "../../../loaders/host-states.js";
import type { GraphContext } from "../../context.js";
import { createNeverAvailableError } from "../../errors.js";
import { parseIds } from "../arguments.js";

/** Follows the hosts that a client asks for. */
export async function* followHosts(
  { followHosts: follow }: GraphContext,
  hostIds: readonly string[] | null,
): AsyncGenerator<HostStateEvent, void, undefined> {
  if (follow === null) {
    throw createNeverAvailableError(
      "subscriptions are not answered here: an engine's database does not say what changes",
    );
  }
  yield* follow(hostIds === null ? null : parseIds("hostIds", hostIds));
}
