import { GraphQLError } from "graphql";
import type { Limits } from "../../model/limits.js";
import { HttpError } from "../errors.js";
import type { Places } from "../admission/places.js";
import type { CheckedOperation } from "./cost/check-operation.js";
import type { RequestState } from "./request-state.js";

/** An operation that is about to be answered. */
export interface AskedOperation {
  readonly kind: string;
  readonly name: string | null;
  /** Measures it; throws the limit that it breaks. */
  readonly check: () => Pick<CheckedOperation, "cost" | "introspectionCost">;
}

/** Lets an operation be answered, or rejects. Whoever asks again for the same request gets the same answer. */
export type AdmitOperation = (state: RequestState, asked: AskedOperation) => Promise<void>;

/**
 * Creates what stands between validation and execution: it refuses what is over a limit, notes for the log what is asked, and
 * has heavy operations wait for room among each other.
 */
export function createAdmission(limits: Limits, heavyPlaces: Places): AdmitOperation {
  const admit: AdmitOperation = async (state, { kind, name, check }) => {
    const { notes } = state.visit;
    notes.operation = name;
    state.kind = kind;
    const { cost, introspectionCost } = check();
    notes.cost = Math.ceil(cost + introspectionCost);
    if (cost > PACED_COST) state.startPacing();
    if (cost > limits.cost * HEAVY_SHARE) {
      await waitForHeavyPlace(state, heavyPlaces, Math.max(cost, limits.cost / MOST_HEAVY));
    }
  };
  return (state, asked) => (state.admitted ??= admit(state, asked));
}

/** Waits for room among the heavy requests. Apollo shows an error of the graph to clients, and masks every other. */
async function waitForHeavyPlace(
  { place }: RequestState,
  heavyPlaces: Places,
  weight: number,
): Promise<void> {
  try {
    await place.exchange(heavyPlaces, weight);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new GraphQLError(error.message, {
      extensions: { code: error.code, http: { status: error.status } },
    });
  }
}

/**
 * A request of more than this share of the cost limit is heavy: all heavy ones together have one limit's worth of room, so
 * that their answers fit into memory, and the event loop is never theirs for long.
 */
const HEAVY_SHARE = 1 / 40;

/**
 * So many heavy requests run at once, at most. Each holds a connection to the database for as long as it reads, and the
 * others need some; more at once would be no faster, since one event loop makes all answers.
 */
const MOST_HEAVY = 2;

/** Answers of so many objects take tens of milliseconds: from here on they are made in turns with everybody else's. */
const PACED_COST = 5_000;
