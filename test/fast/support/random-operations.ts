import fc from "fast-check";
import { formatCursor } from "../../../src/graph/arguments/pages/cursor.js";
import type { VmOrder } from "../../../src/store/types.js";
import { HOST_A, HOST_B, id, mac } from "../../support/builders/ids.js";

/** Operations are about VMs up to this number, and a few that are not there. */
export const VMS = 12;

/** A question over HTTP. */
export interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** POST if it is absent. */
  readonly method?: string;
  /** What else is in the body. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Fields of each type: those that are answered from rows, with what they lead to, and some that are not. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  Vm: { id: null, name: null, status: null, nics: "VmNic", guestInfo: "GuestInfo", host: "Host" },
  GuestInfo: {
    networkDevices: "NetworkDevice",
    fqdn: null,
    ips: null,
    lastReportedAt: null,
    lastChangedAt: null,
    stale: null,
    staleReason: null,
    staleSince: null,
    staleDetail: null,
    source: null,
    ...Object.fromEntries(
      [
        "",
        "(family: IPV4)",
        "(family: IPV6, within: null)",
        '(network: "net-1")',
        '(within: "10.0.0.0/8", family: null)',
        '(within: "::ffff:10.0.0.0/104")',
        '(within: "10.0.0.1/8")',
        '(network: "\\u0000")',
        "(family: $family, network: $net)",
        "(within: $within)",
      ].map((args) => [`primaryAddress${args}`, "PrimaryAddress"]),
    ),
  },
  PrimaryAddress: { address: null, reason: null, device: "NetworkDevice", vmNic: "VmNic" },
  VmNic: {
    id: null,
    name: null,
    macAddress: null,
    network: null,
    linked: null,
    plugged: null,
    vm: "Vm",
    guestInterface: "NetworkDevice",
    guestInterfaces: "NetworkDevice",
    missingReason: null,
    probableInterface: "NetworkDevice",
    primaryAddress: "PrimaryAddress",
    "primaryAddress(within: $within)": "PrimaryAddress",
    "primaryAddress(family: IPV6)": "PrimaryAddress",
  },
  NetworkDevice: {
    name: null,
    macAddress: null,
    ipv4Addresses: null,
    ipv6Addresses: null,
    vmNic: "VmNic",
  },
  Host: {
    id: null,
    name: null,
    address: null,
    status: null,
    lastSuccessAt: null,
    lastError: null,
    lastWarning: null,
    polled: null,
  },
  VmConnection: { nodes: "Vm", edges: "VmEdge", pageInfo: "PageInfo" },
  ...Object.fromEntries(
    ["GuestAddress", "AddressConflict", "MacConflict", "Drift"].flatMap((type) => [
      [`${type}Connection`, { nodes: type, edges: `${type}Edge`, pageInfo: "PageInfo", totalCount: null }],
      [`${type}Edge`, { node: type, cursor: null }],
    ]),
  ),
  GuestAddress: { address: null, vm: "Vm", device: "NetworkDevice", vmNic: "VmNic" },
  AddressConflict: { address: null, vmCount: null, kind: null, holders: "GuestAddress" },
  MacConflict: { macAddress: null, vmCount: null, vmNics: "VmNic" },
  Drift: { kind: null, vm: "Vm", vmNic: "VmNic", device: "NetworkDevice" },
  FindResult: {
    kind: null,
    vms: "VmConnection",
    "vms(last: 2, orderBy: NAME_DESC)": "VmConnection",
    "vms(first: $size)": "VmConnection",
    vmNics: "VmNic",
    hosts: "Host",
  },
  VmEdge: { node: "Vm", cursor: null },
  PageInfo: { hasNextPage: null, hasPreviousPage: null, startCursor: null, endCursor: null },
};
/** Fields that lead to execution; rare, or nearly all operations would be executed. */
const RARE: readonly string[] = ["host"];

function selectionsOf(type: string, depth: number): fc.Arbitrary<string> {
  const fields = Object.entries(FIELDS[type] ?? {}).filter(
    ([name, inner]) => (depth > 0 || inner === null) && !RARE.includes(name),
  );
  const field = fc.constantFrom(...fields).chain(([name, inner]) => {
    const alias = fc.option(fc.constantFrom("a: ", "b: ", "__proto__: "), { nil: "", freq: 6 });
    const set = inner === null ? fc.constant("") : selectionsOf(inner, depth - 1);
    return fc
      .tuple(alias, set)
      .map(([key, text]) => `${key === "" ? "" : `${key.slice(0, -2)}${name}: `}${name} ${text}`);
  });
  const other = fc.constantFrom("__typename", "... { __typename }", `... on ${type} { t: __typename }`);
  const rare = fc.constantFrom("__typename @skip(if: false)", "__typename @include(if: true)", "__typename");
  return fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: field },
        { weight: 2, arbitrary: other },
        { weight: 1, arbitrary: rare },
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((texts) => `{ ${texts.join(" ")} }`);
}

const number = fc.integer({ min: 0, max: VMS + 2 });
const ids = number.map((each) => id(each));
const someId = fc.oneof(
  { weight: 8, arbitrary: ids },
  { weight: 1, arbitrary: ids.map((each) => each.toUpperCase()) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("x", "", 7, null, ["a"], "é") },
);
const page = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: VMS + 2 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 0, -1, 501, "5", 1.5) },
);
const order = fc.constantFrom<unknown>(
  undefined,
  null,
  "NAME_DESC",
  "ID_ASC",
  "STATUS_ASC",
  "HOST_DESC",
  "LAST_CHANGE_ASC",
  "PRIMARY_ADDRESS_DESC",
  "NO",
);

/** All orders, each with a value by which it sorts; of most, some VMs have none. */
const ORDERS: readonly (readonly [VmOrder, string])[] = [
  ["NAME_ASC", "vm-3"],
  ["NAME_DESC", "vm-3"],
  ["ID_ASC", ""],
  ...(["ASC", "DESC"] as const).flatMap(
    (way) =>
      [
        [`HOST_${way}`, "host-a"],
        [`STATUS_${way}`, "1"],
        [`LAST_CHANGE_${way}`, "2026-11-28T00:00:00.000000Z"],
        [`PRIMARY_ADDRESS_${way}`, "10.0.0.5"],
      ] as const,
  ),
];
const everyOrder = fc.constantFrom(...ORDERS.map(([each]) => each));
/** Places in lists, some of them in another order than the one that is asked for, and what is no place. */
const place = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...ORDERS), number, fc.boolean()).map(formatPlace) },
  { weight: 1, arbitrary: fc.constantFrom<string | null>(null, "", "x", "WzFd") },
);

function formatPlace([[by, orderKey], n, isUnknown]: [(typeof ORDERS)[number], number, boolean]): string {
  return formatCursor({ name: `vm-${n}`, id: id(n), orderKey: isUnknown ? null : orderKey }, by);
}

/** Lists of what is found in many VMs, with arguments of all kinds; the type of each. */
const LISTS: readonly (readonly [string, string])[] = [
  ["guestAddresses(first: $size)", "GuestAddress"],
  ['guestAddresses(first: 4, inCidr: "10.0.0.0/24", after: $after)', "GuestAddress"],
  ['guestAddresses(inCidr: "10.0.0.1/8")', "GuestAddress"],
  ["addressConflicts(first: $size)", "AddressConflict"],
  ['addressConflicts(within: "10.0.0.0/8", network: "net-1")', "AddressConflict"],
  ['addressConflicts(network: "\\u0000", after: $after)', "AddressConflict"],
  ["macConflicts(first: $size)", "MacConflict"],
  ["drift(first: $size)", "Drift"],
  ["drift(kinds: [DEVICE_UNKNOWN, NIC_NOT_SHOWN], after: $after)", "Drift"],
  ["drift(kinds: [])", "Drift"],
];

const TEXTS: readonly string[] = [
  ...["10.0.0.5", "10.0.0.0/29", "10.0.0.1/8", mac(3), mac(3).replaceAll(":", ""), id(3), id(VMS + 3)],
  ...[
    "vm-1",
    "host",
    "nobody",
    "",
    "[10.0.0.5]:22",
    "host-a:54321",
    "https://vm-1.example./x",
    "::ffff:10.0.0.5",
  ],
];

const QUESTIONS_ABOUT_MANY: readonly string[] = [
  "vms { totalCount }",
  'find(text: "10.0.0.5") { kind vms(last: 2) { totalCount nodes { name } } vmNics { id } hosts { id } }',
  `find(text: "${mac(3)}") { kind vms { nodes { name } } vmNics { id vm { name } } }`,
  "drift(first: 2) { totalCount nodes { kind vm { name } device { name } } pageInfo { endCursor } }",
  "addressConflicts { totalCount nodes { address kind holders { vm { name } } } }",
  "macConflicts { nodes { macAddress vmNics { id } } }",
  "guestAddresses(first: 3) { nodes { address vm { name } device { name } } }",
  "guestNetworkStats(by: HOST) { groupCount rows { host { name } vms vnics addresses conflicts } }",
  'guestNetworkStats(by: FAMILY, filter: {ip: "10.0.0.300"}) { groupCount }',
];

interface Given {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}
type Root = fc.Arbitrary<Given>;

const rootsOfMany: Root = fc.oneof(
  fc
    .tuple(
      fc
        .constantFrom(...LISTS)
        .chain(([field, type]) => selectionsOf(`${type}Connection`, 5).map((set) => `${field} ${set}`)),
      page,
      fc.constantFrom(null, "x", "WyJkcmlmdCJd"),
    )
    .map(([field, size, after]) => ({
      query: `query Q($size: Int, $after: String) { ${field} }`,
      variables: { size, after },
    })),
  fc.tuple(selectionsOf("FindResult", 5), fc.constantFrom(...TEXTS), page).map(([set, text, size]) => ({
    query: `query Q($text: String!, $size: Int) { find(text: $text) ${set} }`,
    variables: { text, size },
  })),
  fc
    .tuple(selectionsOf("Host", 0), selectionsOf("Vm", 3), page, fc.constantFrom(HOST_A, HOST_B, id(3), "x"))
    .map(([own, set, size, host]) => ({
      query: `query Q($host: ID!, $size: Int) { host(id: $host) { ... on Host ${own} vms(first: $size) ${set} } }`,
      variables: { host, size },
    })),
);

const roots: Root = fc.oneof(
  fc.tuple(selectionsOf("Vm", 4), someId).map(([set, value]) => ({
    query: `query Q($id: ID!) { vm(id: $id) ${set} }`,
    variables: { id: value },
  })),
  fc.tuple(selectionsOf("Vm", 3), ids).map(([set, value]) => ({
    query: `query Q{ one: vm(id: ${JSON.stringify(value)}) ${set} }`,
    variables: {},
  })),
  fc.tuple(selectionsOf("VmConnection", 5), page, order, fc.boolean()).map(([set, size, by, isLast]) => ({
    query: `query Q($size: Int, $by: VmOrder) { vms(${isLast ? "last" : "first"}: $size, orderBy: $by) ${set} }`,
    variables: { size, by },
  })),
  fc
    .tuple(
      selectionsOf("VmConnection", 4),
      place,
      everyOrder,
      fc.constantFrom("after", "before"),
      fc.boolean(),
    )
    .map(([set, cursor, by, side, isLast]) => ({
      query: `query Q($cursor: String, $by: VmOrder) { vms(${isLast ? "last" : "first"}: 3, ${side}: $cursor, orderBy: $by) ${set} }`,
      variables: { cursor, by },
    })),
  fc.tuple(selectionsOf("Host", 0), selectionsOf("Vm", 3), page).map(([own, set, size]) => ({
    query: `query Q($size: Int) { hosts { ... on Host ${own} vms(first: $size) ${set} } }`,
    variables: { size },
  })),
  fc.constantFrom(...QUESTIONS_ABOUT_MANY).map((field) => ({ query: `query Q { ${field} }`, variables: {} })),
  fc.tuple(selectionsOf("VmConnection", 4), number, fc.boolean()).map(([set, n, byName]) => ({
    query: `query Q($filter: VmFilter) { vms(filter: $filter) ${set} }`,
    variables: { filter: byName ? { name: { contains: String(n) } } : { ip: `10.0.0.${n}` } },
  })),
  fc.tuple(selectionsOf("VmNic", 4), number, fc.constantFrom("MAC!", "MAC")).map(([set, n, type]) => ({
    query: `query Q($mac: ${type}) { vmNics(macAddress: $mac) ${set} }`,
    variables: { mac: n === 0 ? null : mac(n).toUpperCase() },
  })),
  fc
    .tuple(selectionsOf("Vm", 4), fc.array(someId, { maxLength: 6 }), fc.boolean())
    .map(([set, keys, isMixed]) => ({
      query: `query Q($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm ${set} } }`,
      variables: {
        keys: keys.map((each, at) => ({ __typename: isMixed && at === 3 ? "VmNic" : "Vm", id: each })),
      },
    })),
);

/** Variables of arguments below the root: their types and values, some of them wrong. */
const INNER: Readonly<Record<string, readonly [type: string, values: readonly unknown[]]>> = {
  family: ["IpFamily", [undefined, null, "IPV4", "IPV6", "IPV5"]],
  net: ["String", [undefined, null, "net-1", "none", "\u0000", "n".repeat(300)]],
  within: ["CIDR", [undefined, null, "10.0.0.0/24", "2001:db8::/32", "10.0.0.1/8", "x"]],
};

/** Declares the variables of {@link INNER} that an operation uses, with random values. */
function declareInner({ query, variables }: Given): fc.Arbitrary<Given> {
  const used = Object.entries(INNER).filter(([name]) => query.includes(`$${name}`));
  if (used.length === 0) return fc.constant({ query, variables });
  const declared = used.map(([name, [type]]) => `$${name}: ${type}`).join(", ");
  const [head = "", body = ""] = query.split(/ ?\{(.*)/s);
  const declares = head.includes("(")
    ? head.replace("(", `(${declared}, `)
    : head.replace("query Q", `query Q(${declared}) `);
  const values = used.map(([name, [, each]]) =>
    fc.constantFrom(...each).map((value) => [name, value] as const),
  );
  return fc.tuple(...values).map((given) => ({
    query: `${declares} {${body}`,
    variables: { ...variables, ...Object.fromEntries(given) },
  }));
}

function askRandomly(root: Root): fc.Arbitrary<Asked> {
  return fc
    .tuple(
      root.chain(declareInner),
      fc.constantFrom<Record<string, string>>(
        {},
        {},
        { accept: "application/json" },
        { accept: "application/graphql-response+json" },
        { accept: "text/plain" },
      ),
      fc.constantFrom<Pick<Asked, "method" | "more">>(
        ...[{}, {}, {}],
        { method: "GET" },
        { method: "HEAD" },
        { more: { extensions: { client: "a" } } },
        { more: { operationName: "Q" } },
      ),
    )
    .map(([given, headers, way]) => ({ ...given, headers, ...way }));
}

/** Random operations about VMs with random values, most of which a plan can answer. */
export const asked: fc.Arbitrary<Asked> = askRandomly(roots);

/** The same about what is found in many VMs, about a text, and about one host. */
export const askedAboutMany: fc.Arbitrary<Asked> = askRandomly(rootsOfMany);
