import { GraphQLError } from "graphql";

/** What a client may do about an error: the only codes that the graph gives. */
export type GraphErrorCode =
  "BAD_USER_INPUT" | "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_AVAILABLE" | "CURSOR_LOST" | "SLOW_READER";

/** Creates an error that is meant for the client: one clear line with a code. The server masks all other errors. */
export function createGraphError(code: GraphErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Creates the error for what this server never has, however long a client waits: `permanent` says so. */
export function createNeverAvailableError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "NOT_AVAILABLE", permanent: true } });
}
