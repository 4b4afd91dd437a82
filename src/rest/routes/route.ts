import type { FastifyRequest } from "fastify";
import type { RestDocument, RestList } from "../elements/document.js";
import { BASE } from "../elements/elements.js";
import type { Work } from "../vm-list.js";

/** An answer as one document or as a list in pieces, with further headers. */
export type Answer = (RestDocument | RestList) & { readonly headers?: Readonly<Record<string, string>> };

/** A path below the base, with the function that answers it. */
export interface Route {
  readonly path: string;
  /** The parameters of its query string; others are refused. */
  readonly parameters: readonly string[];
  /** Reads the answer. It calls `openList` first if the answer is read and sent in several pieces. */
  readonly answer: (request: FastifyRequest, work: Work, openList: () => void) => Promise<Answer>;
  /** `true` if the answer may list all VMs, hosts or networks. */
  readonly isLong?: boolean;
}

/** The parameters of a list that can be searched. */
export const LIST_PARAMETERS = ["search", "case_sensitive", "max", "page", "follow"] as const;

/** Formats the path of a VM or of one of its vNICs. */
export function formatPath(vmId: string, nicId?: string): string {
  return nicId === undefined ? `${BASE}/vms/${vmId}` : `${BASE}/vms/${vmId}/nics/${nicId}`;
}

/** The ids in a path. An id that the path does not have is empty. */
export type Ids = Readonly<Record<"vmId" | "nicId" | "deviceId" | "hostId" | "namedId", string>>;

export function readIds(request: FastifyRequest): Ids {
  const { vmId = "", nicId = "", deviceId = "", hostId = "", namedId = "" } = request.params as Partial<Ids>;
  return { vmId, nicId, deviceId, hostId, namedId };
}
