import { GraphQLError } from "graphql";
import { HttpError } from "../errors.js";
import type { CostRooms, RoomNeed } from "../admission/places/cost-rooms.js";
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
 * has operations that cost much wait for room among each other.
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

/** Waits for room among requests of the same kind. Apollo shows an error of the graph to clients, and masks every other. */
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

/** Answers of so many objects take tens of milliseconds: from here on they are made in turns with everybody else's. */
const PACED_COST = 5_000;
