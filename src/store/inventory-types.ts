/** A thing of which only an id and a name are known. */
export interface NamedRow {
  readonly id: string;
  readonly name: string;
}

/** The kinds of things of which only an id and a name are known. */
export type NamedKind = "clusters" | "templates" | "networks";

/** What an engine knows of how a VM was made. Hosts do not report it. */
export interface VmOrigin {
  /** The VM's id. */
  readonly id: string;
  readonly clusterId: string | null;
  readonly templateId: string;
  /** The engine's number of the operating system. */
  readonly osId: number;
  readonly createdAt: Date | null;
  readonly description: string;
}
