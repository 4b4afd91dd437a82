import { GraphQLError } from "graphql";
import { ConfigError } from "../../config.js";
import { formatError } from "../../gateway/format-error.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { Asked, LiveGateway } from "./live-gateway.js";
import { isPassingError } from "../../model/passing-errors.js";
import { isOutage, waitForNextTry } from "./outage.js";

/** The options of a subscription of a command. */
export interface AskingAgain {
  readonly gateway: LiveGateway;
  /** Returns what to ask, at the beginning and after each lost connection. */
  readonly ask: () => Asked;
  /** Called once for each outage, when the connection is lost. */
  readonly hint: (line: string) => void;
  readonly signal: AbortSignal;
  /** `true`: also waits for a gateway that has never answered. */
  readonly isPatient?: boolean;
}

/**
 * Subscribes, and subscribes again after a lost connection. The gateway may then have been restarted with another
 * database.
 * 1. It ends with the signal.
 * 2. It throws at once if the question is refused.
 * 3. It throws at once if the first connection fails, unless it is patient.
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
      if (error instanceof GraphQLError && !isPassingError(error.extensions))
        throw new ConfigError(formatError(error));
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
