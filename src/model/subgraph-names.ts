/** What an entity of ours is called in the owner's graph, and the field that is its key there. */
export interface EntityNames {
  readonly type: string;
  readonly key: string;
}

/** Other names for what we contribute, where the owner's graph calls things otherwise or has taken ours. */
export interface SubgraphNames {
  /** In front of every type that is no entity, scalars too; `""` leaves them as they are. */
  readonly prefix: string;
  readonly entities: { readonly Vm: EntityNames; readonly VmNic: EntityNames };
}

/** Nothing is renamed. */
export const OWN_NAMES: SubgraphNames = {
  prefix: "",
  entities: { Vm: { type: "Vm", key: "id" }, VmNic: { type: "VmNic", key: "id" } },
};

/** Returns the name that a type of ours has under these names. */
export function findOuterTypeName(name: string, { prefix, entities }: SubgraphNames): string {
  return name === "Vm" || name === "VmNic" ? entities[name].type : prefix + name;
}

/** Returns our name of a type: the opposite of {@link findOuterTypeName}. Root types and federation's own have no other. */
export function findOwnTypeName(name: string, { prefix, entities }: SubgraphNames): string {
  if (name === entities.Vm.type) return "Vm";
  if (name === entities.VmNic.type) return "VmNic";
  if (name === "Query" || name.startsWith("_") || !name.startsWith(prefix)) return name;
  return name.slice(prefix.length);
}
