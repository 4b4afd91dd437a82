import { type GraphQLSchema, Kind, parse } from "graphql";
import type { OperationCheck } from "../../src/server/graphql/cost/check-operation.js";
import { createOperationWriter, type Draw, printOperation, type TypeSelection } from "./hostile-queries.js";
import type { Target, Usage } from "./hostile-target.js";

/** Keys of entities, as a gateway sends them. */
export type Keys = readonly { readonly __typename: string; readonly id: string }[];

/** An operation that passes the limits, and what it did to a server. */
export interface FoundOperation {
  readonly query: string;
  readonly keys: Keys;
  readonly cost: number;
  readonly usage: Usage;
  readonly bytes: number;
}

/** The quantity that a search makes as large as possible. */
export type Aim = keyof typeof AIMS;

/** The quantities: the event loop's longest stretch without a pause, CPU per unit of cost, and bytes per unit of cost. */
export const AIMS = {
  stretch: ({ usage }: FoundOperation) => usage.stretchMs,
  "CPU / cost": ({ usage, cost }: FoundOperation) => usage.cpuMs / Math.max(cost, MIN_COST),
  "bytes / cost": ({ bytes, cost }: FoundOperation) => bytes / Math.max(cost, MIN_COST),
};

/** The least cost in these ratios. Below it, the fixed cost of a request would be larger than that of its operation. */
const MIN_COST = 20_000;

/**
 * Searches by hill climbing, from the most expensive of many random operations. Each step sends an operation, changes
 * it a little, and keeps the version that is worse for the server. Operations that the limits refuse are not sent.
 */
export async function climb(
  target: Target,
  {
    schema,
    check,
    keys,
    draw,
    aim,
    mostCost,
    tries,
    steps,
  }: {
    readonly schema: GraphQLSchema;
    readonly check: OperationCheck;
    readonly keys: Keys;
    readonly draw: Draw;
    readonly aim: Aim;
    /** The operation costs no more than this, whatever the limits allow. */
    readonly mostCost: number;
    readonly tries: number;
    readonly steps: number;
  },
): Promise<FoundOperation> {
  const writer = createOperationWriter(schema, draw);
  const estimate = (operation: TypeSelection): number | null => {
    try {
      const document = parse(printOperation(operation), { maxTokens: 2_500 });
      const [definition] = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
      const { cost } = check(document, definition!, { keys });
      return cost > mostCost ? null : cost;
    } catch {
      // The limits refuse it.
      return null;
    }
  };
  const send = async (operation: TypeSelection, cost: number): Promise<FoundOperation> => {
    const query = printOperation(operation);
    const endMeasure = target.measure();
    const { bytes } = await target.ask(query, { keys });
    return { query, keys, cost, bytes, usage: await endMeasure() };
  };

  let best: TypeSelection | null = null;
  let bestCost = 0;
  for (let at = 0; at < tries; at++) {
    const operation = writer.create(1 + draw(4));
    const cost = estimate(operation);
    if (cost !== null && cost > bestCost) [best, bestCost] = [operation, cost];
  }
  if (best === null) throw new Error("no random operation passes the limits");
  let found = await send(best, bestCost);
  for (let step = 0; step < steps;) {
    const operation = writer.mutate(best);
    const cost = estimate(operation);
    if (cost === null) continue;
    step += 1;
    const changed = await send(operation, cost);
    if (AIMS[aim](changed) <= AIMS[aim](found)) continue;
    [best, found] = [operation, changed];
  }
  return found;
}
