/** Something of which an id and a name are known. */
export interface NamedRow {
  readonly id: string;
  readonly name: string;
}

/** The things that are known by name alone. */
export type NamedKind = "clusters" | "templates" | "networks";

/** What an engine knows of how a VM was made. Hosts tell none of it. */
export interface VmOrigin {
  /** The VM's. */
  readonly id: string;
  readonly clusterId: string | null;
  readonly templateId: string;
  /** The engine's number of the operating system. */
  readonly osId: number;
  readonly createdAt: Date | null;
  readonly description: string;
}
