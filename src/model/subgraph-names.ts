/** The name of one of our entities in the owner's graph, and the field that is its key there. */
export interface EntityNames {
  readonly type: string;
  readonly key: string;
}

/** Other names for our types, if the owner's graph has other names for the entities or uses our names already. */
export interface SubgraphNames {
  /** The prefix of every type that is not an entity, also of scalars; `""` adds none. */
  readonly prefix: string;
  readonly entities: { readonly Vm: EntityNames; readonly VmNic: EntityNames };
}

/** The names without any renaming. */
export const OWN_NAMES: SubgraphNames = {
  prefix: "",
  entities: { Vm: { type: "Vm", key: "id" }, VmNic: { type: "VmNic", key: "id" } },
};

/** Tells whether any name is another one than ours. */
export function isRenamed({ prefix, entities: { Vm, VmNic } }: SubgraphNames): boolean {
  return prefix !== "" || Vm.type !== "Vm" || Vm.key !== "id" || VmNic.type !== "VmNic" || VmNic.key !== "id";
}

/** Returns the outer name of one of our types. */
export function findOuterTypeName(name: string, { prefix, entities }: SubgraphNames): string {
  return name === "Vm" || name === "VmNic" ? entities[name].type : prefix + name;
}

/**
 * Returns our own name of a type: the opposite of {@link findOuterTypeName}. Root types and federation's own types are
 * never renamed.
 */
export function findOwnTypeName(name: string, { prefix, entities }: SubgraphNames): string {
  if (name === entities.Vm.type) return "Vm";
  if (name === entities.VmNic.type) return "VmNic";
  if (name === "Query" || name.startsWith("_") || !name.startsWith(prefix)) return name;
  return name.slice(prefix.length);
}
