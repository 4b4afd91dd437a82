import type { HostStateEvent } from "../../loaders/host-states.js";
import type { GraphContext } from "../context.js";
import { createGraphError } from "../errors.js";
import { parseId } from "./arguments.js";

/** Follows the hosts that a client asks for. */
export async function* followHosts(
  { followHosts: follow }: GraphContext,
  hostIds: readonly string[] | null,
): AsyncGenerator<HostStateEvent, void, undefined> {
  if (follow === null) {
    throw createGraphError(
      "NOT_AVAILABLE",
      "subscriptions are not answered here: an engine's database does not tell what changes",
    );
  }
  if (hostIds !== null && hostIds.length > MAX_HOSTS) {
    throw createGraphError(
      "BAD_USER_INPUT",
      `hostIds: has ${hostIds.length} values; at most ${MAX_HOSTS} are allowed`,
    );
  }
  yield* follow(hostIds?.map((id) => parseId("hostIds", id)) ?? null);
}

const MAX_HOSTS = 500;
