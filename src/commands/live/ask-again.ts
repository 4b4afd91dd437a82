import { setTimeout as sleep } from "node:timers/promises";
import { GraphQLError } from "graphql";
import { ConfigError } from "../../config.js";
import { formatError } from "../../gateway/format-error.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { Asked, LiveGateway } from "./live-gateway.js";

/** What a subscription of a command is made with. */
export interface AskingAgain {
  readonly gateway: LiveGateway;
  /** Says what to ask for, at the beginning and after each lost connection. */
  readonly ask: () => Asked;
  /** Told once an outage that the connection was lost. */
  readonly hint: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Subscribes, and again after a lost connection, also where the gateway was started anew with its database elsewhere.
 * Ends with the signal. Throws at once where the first connection fails, and where the question itself is refused.
 */
export async function* askAgain<Answer>({
  gateway,
  ask,
  hint,
  signal,
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
      if (opened === 0 || error instanceof GatewayRefusedError || isCursorLost(error)) throw error;
      if (error instanceof GraphQLError && !isPassing(error)) throw new ConfigError(formatError(error));
      if (failures === 0)
        hint(`vnic-graph: ${formatError(error)}; it is tried again, behind the last cursor`);
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      failures += 1;
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function isCursorLost(error: unknown): boolean {
  return error instanceof GraphQLError && error.extensions["code"] === "CURSOR_LOST";
}

/** Returns `true` if a refusal may be over at the next try. */
function isPassing({ extensions }: GraphQLError): boolean {
  return extensions["permanent"] !== true && PASSING.has(String(extensions["code"]));
}

const PASSING: ReadonlySet<string> = new Set(["SLOW_READER", "NOT_AVAILABLE", "OVERLOADED"]);

const FIRST_WAIT_MS = 250;

const LONGEST_WAIT_MS = 5_000;
