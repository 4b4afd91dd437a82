import { hasLongName, LONGEST_NAME } from "../graphql/request/json-depth.js";

/**
 * Tells whether a message of a WebSocket has a name or an id that is too long. graphql-ws parses messages of clients that nobody knows
 * yet, and looks for their ids among the names of an object.
 */
export function hasLongNameOrId(message: string): boolean {
  if (message.length <= LONGEST_NAME) return false;
  return hasLongName(message) || readId(message).length > LONGEST_NAME;
}

/** Reads the id of a message; an empty one if it has none, or is no JSON. */
function readId(message: string): string {
  try {
    const { id } = JSON.parse(message) as { readonly id?: unknown };
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}
