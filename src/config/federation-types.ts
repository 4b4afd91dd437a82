import { OWN_NAMES, type EntityNames, type SubgraphNames } from "../model/subgraph-names.js";
import { parseAssignments, SettingValueError, type Parse } from "./setting-types.js";

/** Parses the prefix of a subgraph's type names. */
export const parseTypePrefix: Parse<string> = (text) => {
  if (!isName(text)) throw new SettingValueError("the beginning of a GraphQL name, such as Guest");
  return text;
};

/** Parses the names of entities and their keys: `Vm=VirtualMachine.uuid,VmNic=Nic`. */
export const parseEntityNames: Parse<SubgraphNames["entities"]> = (text) => {
  const entities: Record<keyof SubgraphNames["entities"], EntityNames> = { ...OWN_NAMES.entities };
  for (const [own, names] of parseAssignments(text)) {
    const [type = "", key = "id", ...more] = names.split(".");
    if ((own !== "Vm" && own !== "VmNic") || !isName(type) || !isName(key) || more.length > 0) {
      throw new SettingValueError("Vm=Type.key,VmNic=Type.key with names of GraphQL", `${own}=${names}`);
    }
    entities[own] = { type, key };
  }
  const { Vm, VmNic } = entities;
  if (Vm.type === VmNic.type) throw new SettingValueError("different types for Vm and VmNic");
  const taken = [Vm, VmNic].find(({ type }) => RESERVED.has(type));
  if (taken !== undefined) throw new SettingValueError("names that are no other type's", taken.type);
  return entities;
};

/** Names that begin with two underscores are GraphQL's own. */
function isName(text: string): boolean {
  return /^[A-Za-z]\w{0,99}$/.test(text) && !text.startsWith("__");
}

/** Names of types that every subgraph has. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["Query", "Mutation", "Subscription", "String", "Int", "Float", "Boolean", "ID"],
]);
