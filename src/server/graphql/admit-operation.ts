import { GraphQLError } from "graphql";
import { HttpError } from "../errors.js";
import type { CostRooms, RoomNeed } from "../admission/places/cost-rooms.js";
import type { CheckedOperation } from "./cost/check-operation.js";
import type { RequestState } from "./request-state.js";

/** An operation that is about to be answered. */
export interface AskedOperation {
  readonly kind: string;
  readonly name: string | null;
  /** Measures it. Throws a GraphQLError if it breaks a limit. */
  readonly check: () => Pick<CheckedOperation, "cost" | "introspectionCost">;
}

/**
 * Resolves when an operation may be answered; rejects if it is refused. Asked again for the same request, it gives the
 * same promise.
 */
export type AdmitOperation = (state: RequestState, asked: AskedOperation) => Promise<void>;

/**
 * Creates the step between validation and execution:
 * 1. it refuses an operation that is over a limit;
 * 2. it notes for the log what is asked;
 * 3. it lets an operation that costs much wait for room ({@link CostRooms}).
 */
export function createAdmission(rooms: CostRooms): AdmitOperation {
  const admit: AdmitOperation = async (state, { kind, name, check }) => {
    const { notes } = state.visit;
    notes.operation = name;
    state.kind = kind;
    const { cost, introspectionCost } = check();
    notes.cost = Math.ceil(cost + introspectionCost);
    if (cost > PACED_COST) state.startPacing();
    const need = rooms.find(cost);
    if (need !== null) await waitForRoom(state, need);
  };
  return (state, asked) => (state.admitted ??= admit(state, asked));
}

/** Waits for room among requests of similar cost. It throws errors of the graph alone, since Apollo masks every other. */
async function waitForRoom({ place }: RequestState, { places, weight }: RoomNeed): Promise<void> {
  try {
    await place.exchange(places, weight);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new GraphQLError(error.message, {
      extensions: { code: error.code, http: { status: error.status } },
    });
  }
}

/** From this cost on, an answer is made in turns with other requests, because making it takes tens of milliseconds. */
export const PACED_COST = 5_000;
