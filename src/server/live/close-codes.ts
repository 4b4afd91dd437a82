import { HttpError } from "../errors.js";
import { LONGEST_NAME } from "../graphql/request/json-depth.js";
import type { LiveEnd } from "./connections.js";

/** Why the server closes a WebSocket, as the close frame says it. */
export interface CloseReason {
  readonly code: number;
  /** At most 123 bytes. */
  readonly reason: string;
}

/** Reasons for a connection that the server ends although it was in use. */
export const END_REASONS: Readonly<Record<LiveEnd, CloseReason>> = {
  restart: { code: 1_012, reason: "The server stops; connect again and go on after the last cursor" },
  expired: { code: 4_403, reason: "The credentials are not valid any more" },
  changed: { code: 4_291, reason: "What you may see has changed; connect again" },
};

/** Reason for a client that reads too slowly. */
export const SLOW_READER: CloseReason = { code: 4_290, reason: "Read faster" };

/** Reason for a client that sends more messages at once than may wait. */
export const TOO_MANY_MESSAGES: CloseReason = { code: 4_429, reason: "Too many messages at once" };

/** Reason for a client whose message has a name or an id that is too long. */
export const TOO_LONG_NAME: CloseReason = {
  code: 4_400,
  reason: `A name or an id has more than ${LONGEST_NAME} characters`,
};

/** Reason for a failure that is ours. */
export const INTERNAL_FAILURE: CloseReason = { code: 4_500, reason: "Internal error" };

/** Finds the reason for a client that was not let in. */
export function findRefusalReason(error: unknown): CloseReason {
  if (!(error instanceof HttpError)) return INTERNAL_FAILURE;
  const code = CODES_BY_STATUS.get(error.status) ?? TRY_LATER;
  return { code, reason: error.message.slice(0, MOST_CHARACTERS) };
}

const CODES_BY_STATUS: ReadonlyMap<number, number> = new Map([
  [401, 4_401],
  [403, 4_403],
  [429, 4_429],
]);

/** RFC 6455's registry: try again later. */
const TRY_LATER = 1_013;

const MOST_CHARACTERS = 120;
