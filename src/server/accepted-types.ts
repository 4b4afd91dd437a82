import { negotiateMediaType } from "../model/media-types.js";
import { HttpError } from "./errors.js";

const JSON_TYPE = "application/json";
const GRAPHQL_RESPONSE = "application/graphql-response+json";
const EVENT_STREAM = "text/event-stream";

/** Finds the media type in which a client wants an answer of GraphQL; `null` if it accepts none. */
export function negotiateAnswerType(accept: string | undefined): string | null {
  return negotiateMediaType(accept, [
    { name: JSON_TYPE, types: [JSON_TYPE] },
    { name: GRAPHQL_RESPONSE, types: [GRAPHQL_RESPONSE] },
  ]);
}

/** Does the same, and refuses a client that accepts none. A mutation must not be executed if its answer cannot be sent. */
export function findAnswerType(accept: string | undefined): string {
  return negotiateAnswerType(accept) ?? refuseAll(`${GRAPHQL_RESPONSE} or ${JSON_TYPE}`);
}

/** Refuses a client that does not accept a stream of events. */
export function checkAcceptsEvents(accept: string | undefined): void {
  const offer = { name: EVENT_STREAM, types: [EVENT_STREAM] };
  if (negotiateMediaType(accept, [offer]) === null) refuseAll(EVENT_STREAM);
}

function refuseAll(types: string): never {
  throw new HttpError(406, "NOT_ACCEPTABLE", `This path answers with ${types}; accept that.`);
}
