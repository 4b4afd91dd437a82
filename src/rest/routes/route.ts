import type { FastifyRequest } from "fastify";
import type { RestDocument, RestList } from "../elements/document.js";
import { BASE } from "../elements/elements.js";
import type { Work } from "../vm-list.js";

/** An answer, whole or in pieces, and headers that go with it. */
export type Answer = (RestDocument | RestList) & { readonly headers?: Readonly<Record<string, string>> };

/** A path below the base, and what it answers. */
export interface Route {
  readonly path: string;
  /** The parameters of its query string; others are refused. */
  readonly parameters: readonly string[];
  /** Reads the answer. `openList` is called before one that is read and sent in several pieces. */
  readonly answer: (request: FastifyRequest, work: Work, openList: () => void) => Promise<Answer>;
  /** Whether the answer may be as long as all VMs, hosts or networks are. */
  readonly isLong?: boolean;
}

/** The parameters of a list that can be searched. */
export const LIST_PARAMETERS = ["search", "case_sensitive", "max", "page", "follow"] as const;

/** Formats the path of a VM or of one of its vNICs. */
export function formatPath(vmId: string, nicId?: string): string {
  return nicId === undefined ? `${BASE}/vms/${vmId}` : `${BASE}/vms/${vmId}/nics/${nicId}`;
}

/** Reads the ids in a path; one that the path does not have is empty. */
type Ids = Readonly<Record<"vmId" | "nicId" | "deviceId" | "hostId" | "namedId", string>>;

export function readIds(request: FastifyRequest): Ids {
  const { vmId = "", nicId = "", deviceId = "", hostId = "", namedId = "" } = request.params as Partial<Ids>;
  return { vmId, nicId, deviceId, hostId, namedId };
}
