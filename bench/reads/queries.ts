import { formatFirstMac, formatVmId } from "./fleet.js";
import type { Dialect, QueryName } from "./types.js";

/** A request's body, before it is sent. */
export interface Question {
  readonly operationName: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Cursors at which a page can begin, one for each VM, in a peer's own form. */
export type Cursors = readonly string[];

/** The fleet about which questions are asked. */
export interface FleetQuestions {
  readonly vms: number;
  readonly cursors: Cursors;
  readonly count: number;
  /** An instant before each VM's one change. */
  readonly pastAt?: string;
  /** `true` if our fast path shall leave the questions to the resolvers. */
  readonly isPlain?: boolean;
}

/** Lists the same questions for every peer: `count` of them, spread over the fleet. */
export function listQuestions(
  name: QueryName,
  dialect: Dialect,
  { vms, cursors, count, pastAt = "", isPlain = false }: FleetQuestions,
): Question[] {
  return Array.from({ length: count }, (_, at) => {
    const vm = 1 + ((at * 7919) % vms);
    const after = cursors[(at * 37) % Math.max(1, cursors.length - LARGEST_PAGE)];
    const text = TEXTS[dialect === "postgraphile" ? "postgraphile" : "graph"][name];
    // Only ours has a scalar for MACs.
    const own = dialect === "own" ? text.replace("String!", name === "Q4" ? "MAC!" : "String!") : text;
    const query = isPlain ? own.replace(ROOT_FIELD, "{ $1 @include(if: true) {") : own;
    const [operationName, variables] = formatVariables(name, { vm, after, vms, pastAt });
    return { operationName, query, variables };
  });
}

/** The question for the cursors, and their path in its answer. */
export const CURSOR_QUERY =
  "query cursors($after: String) { vms(first: 500, after: $after) { edges { cursor } } }";

function formatVariables(
  name: QueryName,
  {
    vm,
    after,
    vms,
    pastAt,
  }: {
    readonly vm: number;
    readonly after: string | undefined;
    readonly vms: number;
    readonly pastAt: string;
  },
): [string, Readonly<Record<string, unknown>>] {
  switch (name) {
    case "Q1":
      return ["vm", { id: formatVmId(vm) }];
    case "Q2":
      return ["vms", { first: 50, after }];
    case "Q3":
      return ["vms", { first: 500, after }];
    case "Q4":
      return ["vmNics", { macAddress: formatFirstMac(vm) }];
    case "Q5":
      return ["entities", { representations: listRepresentations(vm, vms) }];
    case "Q6":
      return ["byAddress", { address: `10.${vm >> 16}.${(vm >> 8) & 255}.${vm & 255}` }];
    case "Q7":
      return ["vmsAt", { first: 50, after, at: pastAt }];
  }
}

function listRepresentations(first: number, vms: number) {
  return Array.from({ length: 1000 }, (_, at) => ({
    __typename: "Vm",
    id: formatVmId(1 + ((first + at) % vms)),
  }));
}

/** The first field with its arguments. */
const ROOT_FIELD = /\{ (\w+\([^)]*\)) \{/;

/** The largest page. No page begins among as many last VMs, so that every page is full. */
const LARGEST_PAGE = 500;

const DEVICE = "name macAddress ipv4Addresses ipv6Addresses";
const NIC = `id name macAddress guestInterface { ${DEVICE} }`;
const VM = `id name status guestInfo { networkDevices { ${DEVICE} } } nics { ${NIC} }`;
const PAST_VM = `id name status guestInfo(at: $at) { networkDevices { ${DEVICE} } } nics(at: $at) { ${NIC} }`;
const PG_NIC = `id: rowId name macAddress guestInterface: deviceByVmIdAndMacAddress { ${DEVICE} }`;
const PG_VM = `id: rowId name status devicesByVmIdList(orderBy: NAME_ASC) { ${DEVICE} } nics: nicsByVmIdList(orderBy: NAME_ASC) { ${PG_NIC} }`;
const PAGE = `query vms($first: Int, $after: String) { vms(first: $first, after: $after) { nodes { ${VM} } } }`;
const PG_PAGE = `query vms($first: Int, $after: Cursor) { vms: allVms(first: $first, after: $after, orderBy: NAME_ASC) { nodes { ${PG_VM} } } }`;

const TEXTS = {
  graph: {
    Q1: `query vm($id: ID!) { vm(id: $id) { ${VM} } }`,
    Q2: PAGE,
    Q3: PAGE,
    Q4: `query vmNics($macAddress: String!) { vmNics(macAddress: $macAddress) { ${NIC} vm { id name } } }`,
    Q5: `query entities($representations: [_Any!]!) { _entities(representations: $representations) { ... on Vm { ${VM} } } }`,
    Q7: `query vmsAt($first: Int, $after: String, $at: DateTime!) { vms(first: $first, after: $after) { nodes { ${PAST_VM} } } }`,
    Q6: `query byAddress($address: IP!) { vms(filter: { ip: $address }) { nodes { ${VM} } } }`,
  },
  postgraphile: {
    Q1: `query vm($id: UUID!) { vm: vmByRowId(rowId: $id) { ${PG_VM} } }`,
    Q2: PG_PAGE,
    Q3: PG_PAGE,
    Q4: `query vmNics($macAddress: String!) { vmNics: allNicsList(condition: { macAddress: $macAddress }) { ${PG_NIC} vm: vmByVmId { id: rowId name } } }`,
    Q5: "",
    Q6: "",
    Q7: "",
  },
} as const;
