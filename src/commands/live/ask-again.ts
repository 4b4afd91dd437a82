import { GraphQLError } from "graphql";
import { ConfigError } from "../../config.js";
import { formatError } from "../../gateway/format-error.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { Asked, LiveGateway } from "./live-gateway.js";
import { isOutage, isPassing, waitForNextTry } from "./outage.js";

/** What a subscription of a command is made with. */
export interface AskingAgain {
  readonly gateway: LiveGateway;
  /** Says what to ask for, at the beginning and after each lost connection. */
  readonly ask: () => Asked;
  /** Told once an outage that the connection was lost. */
  readonly hint: (line: string) => void;
  readonly signal: AbortSignal;
  /** Waits for a gateway that is not there yet, too. */
  readonly isPatient?: boolean;
}

/**
 * Subscribes, and again after a lost connection, also where the gateway was started anew with its database elsewhere.
 * Ends with the signal. Throws at once where the first connection fails, unless it is patient, and where the question
 * itself is refused.
 */
export async function* askAgain<Answer>({
  gateway,
  ask,
  hint,
  signal,
  isPatient = false,
}: AskingAgain): AsyncGenerator<Answer, void, undefined> {
  let opened = 0;
  let failures = 0;
  const onOpen = () => {
    opened += 1;
  };
  const isOver = () => signal.aborted;
  while (!isOver()) {
    try {
      for await (const answer of gateway.subscribe<Answer>(ask(), { onOpen, signal })) {
        failures = 0;
        yield answer;
      }
      return;
    } catch (error) {
      if (isOver()) return;
      if (error instanceof GatewayRefusedError || isCursorLost(error)) throw error;
      if (opened === 0 && !(isPatient && isOutage(error))) throw error;
      if (error instanceof GraphQLError && !isPassing(error)) throw new ConfigError(formatError(error));
      if (failures === 0)
        hint(`vnic-graph: ${formatError(error)}; it is tried again, behind the last cursor`);
      await waitForNextTry(failures, signal);
      failures += 1;
    }
  }
}

function isCursorLost(error: unknown): boolean {
  return error instanceof GraphQLError && error.extensions["code"] === "CURSOR_LOST";
}
