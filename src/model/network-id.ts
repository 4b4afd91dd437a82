import { deriveUuid } from "./uuid.js";

/** Derives the id of a network that is known by its name alone, as hosts report it. */
export function deriveNetworkId(name: string): string {
  return deriveUuid(`vnic-graph network ${name}`);
}
