import { deriveUuid } from "./uuid.js";

/** Derives the id of a network from its name, because hosts report only names. */
export function deriveNetworkId(name: string): string {
  return deriveUuid(`vnic-graph network ${name}`);
}
