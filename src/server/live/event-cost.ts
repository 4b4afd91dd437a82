import { findEventSizes } from "../../graph/estimates/event-sizes.js";
import { findFragments } from "../graphql/cost/check-operation.js";
import { estimateCost } from "../graphql/cost/estimate-cost.js";
import { readVariables } from "../graphql/cost/field-size.js";
import type { ServerOptions } from "../options.js";
import type { LiveQuestion } from "./question.js";

/**
 * Estimates what the answer to an event can cost, by the lists of the event's own VM: most VMs have a few interfaces, even where
 * one guest has thousands. Infinite: the event is not of a VM.
 */
export function estimateEventCost(
  event: object,
  { document, operation, values }: LiveQuestion,
  { schema, estimateField }: Pick<ServerOptions, "schema" | "estimateField">,
): number {
  const sizes = findEventSizes(event);
  if (sizes === null) return Infinity;
  const input = {
    schema,
    fragments: findFragments(document),
    variables: readVariables(operation, values),
    estimateField: estimateField ?? null,
  };
  return estimateCost(operation, input, sizes).cost;
}
