import { GraphQLError } from "graphql";

/** The codes of the graph's errors, one for each way in which a client can react. */
export type GraphErrorCode =
  "BAD_USER_INPUT" | "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_AVAILABLE" | "CURSOR_LOST" | "SLOW_READER";

/** Creates an error for the client: one clear line with a code. The server masks all other errors. */
export function createGraphError(code: GraphErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Creates the error for something that this server never has. `permanent` says that waiting does not help. */
export function createNeverAvailableError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "NOT_AVAILABLE", permanent: true } });
}
