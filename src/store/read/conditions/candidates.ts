import { VM_STATUS } from "../../../model/guest/vm-status.js";
import type { SqlParameters } from "../../postgres/sql.js";
import type { VmFilter } from "../../types.js";
import type { VmSearch } from "../../vm-search.js";
import { OWN_CONDITIONS, selectMayBeStale } from "./own-conditions.js";
import type { VmScopeSql } from "./scope.js";
import { buildSearchCondition, type VmConditionSql } from "./search-conditions.js";
import {
  findByNames,
  findByText,
  INTERFACES,
  MOST_FOUND,
  NICS,
  type Candidates,
} from "./candidates-by-text.js";
import { buildNameContains, buildVmConditions } from "./vm-conditions.js";

/** To look up a VM and to sort it takes as long as to compare the ids of thirty VMs that come in the page's order. */
const MOST_LOOKED_UP = { page: 500, all: MOST_FOUND };

/** The VMs that a statement finds. */
export interface CandidateSearch {
  readonly filter: VmFilter;
  readonly scope: VmScopeSql;
  readonly source: VmConditionSql;
  /** What the statement reads of the VMs: a page, or all of them, to count or to sort them. */
  readonly reads: "page" | "all";
  /** `true`: it reads VMs in their order, and ends as soon as it has enough of them. */
  readonly isByRow?: boolean;
  /** The column of a VM's id in the table whose index gives the order, so that no other table is read to compare it. */
  readonly id: string;
}

/**
 * Builds a statement of the VMs of a filter, of which there may be few or nearly all. PostgreSQL cannot know, or would not read a
 * page by the best way, so that the statement first looks for candidates, in one way after another. If they are few, it looks them
 * up. If not, it reads a page in its order, and looks only at VMs among the candidates; if there are too many of these, a page is
 * soon full. Only one part of the statement finds VMs.
 */
export function buildByCandidates(
  { filter, scope, source, reads, isByRow = false, id }: CandidateSearch,
  parameters: SqlParameters,
  build: (where: string, isLookedUp: boolean) => string,
): string {
  const ways = listCandidates(filter).filter(({ isForPages }) => reads === "page" || isForPages !== true);
  if (ways.length === 0) return build(buildVmConditions(filter, scope, source, parameters), false);
  const many = buildVmConditions(filter, scope, { ...source, isByRow }, parameters);
  const one = buildVmConditions(filter, scope, { ...source, isLookedUp: true }, parameters);
  const listed = ways.map(
    ({ select, most }, at) =>
      `way${at} AS MATERIALIZED (SELECT ARRAY(SELECT * FROM (${select(parameters)}) o LIMIT ${most + 1}) AS ids)`,
  );
  const mostFew = MOST_LOOKED_UP[reads];
  const choose = (isFew: boolean) =>
    ways.map(
      ({ most }, at) =>
        `SELECT ids, ${isFew} FROM way${at} WHERE cardinality(ids) <= ${isFew ? Math.min(most, mostFew) : most}`,
    );
  const chosen = [...choose(true), ...(reads === "page" ? choose(false) : [])];
  const isAmong = `CASE WHEN EXISTS (SELECT FROM found) THEN ${id} IN (SELECT unnest(ids) FROM found) ELSE true END`;
  return `WITH ${listed.join(", ")},
    found (ids, is_few) AS MATERIALIZED (SELECT * FROM (${chosen.join(" UNION ALL ")}) w LIMIT 1)
    (${build(`${one} AND s.vm_guid = ANY((SELECT ids FROM found WHERE is_few)::uuid[])`, true)})
    UNION ALL SELECT * FROM (${build(reads === "page" ? `${many} AND ${isAmong}` : many, false)}) m
      WHERE NOT EXISTS (SELECT FROM found WHERE is_few)`;
}

/**
 * Lists ways to find the VMs of a filter, the cheapest first. PostgreSQL knows how many VMs have an id, an address or a MAC, so that no
 * names are looked through beside these; it never knows how many are stale.
 */
function listCandidates({
  ids,
  hostId,
  ip,
  statuses,
  nameContains,
  search,
}: VmFilter): readonly Candidates[] {
  const parts: VmSearch[] = [
    ...(statuses === undefined ? [] : [{ kind: "status", statuses } as const]),
    ...(nameContains === undefined ? [] : [buildNameContains(nameContains)]),
    ...(search === undefined ? [] : listParts(search)),
  ];
  const isNarrow =
    [ids, hostId, ip].some((each) => each !== undefined) || parts.some(({ kind }) => NARROW_KINDS.has(kind));
  return parts
    .filter(({ kind }) => !isNarrow || kind === "staleReason")
    .flatMap((part) => findCandidates(part) ?? [])
    .sort((one, other) => other.most - one.most)
    .slice(0, MOST_WAYS);
}

/** Each further way may look through a table in vain. */
const MOST_WAYS = 2;

const NARROW_KINDS: ReadonlySet<VmSearch["kind"]> = new Set([
  ...(["id", "hostId", "address", "addresses", "mac", "guestMac", "nicMac", "onTwoHosts", "none"] as const),
]);

/** Lists the conditions that must all hold. */
function listParts(search: VmSearch): readonly VmSearch[] {
  return search.kind === "and" ? search.parts.flatMap(listParts) : [search];
}

/** Returns `true` if a filter asks for a network alone. Then the statement goes by what it finds, whatever the values are. */
export function isByNetwork({ search, ...others }: VmFilter): boolean {
  const parts = search === undefined ? [] : listParts(search);
  return parts.length === 1 && parts[0]?.kind === "network" && Object.keys(others).length === 0;
}

/** A VM without an address has no primary address either. Of bridges of containers, and of others that are never it, it may have some. */
const WITHOUT_ADDRESS: Candidates = {
  select: () => "SELECT r.vm_id FROM vnic_graph_vm r WHERE r.primary_address IS NULL",
  most: MOST_FOUND,
};

/**
 * Finds VMs by states, if these leave out UP: most VMs are up as a rule, and a page of them is soon full. PostgreSQL knows how many are in
 * each state, and would look up and sort all of a rare one, or read on until a page is full.
 */
function findByStates(statuses: readonly number[]): Candidates | null {
  if (statuses.includes(VM_STATUS.UP)) return null;
  return {
    select: (parameters) =>
      `SELECT o.vm_guid FROM vm_dynamic o WHERE o.status = ANY(${parameters.add(statuses)}::int[])`,
    most: MOST_IN_STATES,
  };
}

/** Does the same by the states that they are not in: by all other ones, and by numbers that are none, which somebody wrote by hand. */
function findByOtherStates(statuses: readonly number[]): Candidates | null {
  if (!statuses.includes(VM_STATUS.UP)) return null;
  const others = STATES.filter((status) => !statuses.includes(status));
  return {
    select: (parameters) =>
      [`= ANY(${parameters.add(others)}::int[])`, `< ${FIRST_STATE}`, `> ${LAST_STATE}`]
        .map((range) => `SELECT o.vm_guid FROM vm_dynamic o WHERE o.status ${range}`)
        .join(" UNION ALL "),
    most: MOST_IN_STATES,
  };
}

const [FIRST_STATE, LAST_STATE] = [
  Math.min(...Object.values(VM_STATUS)),
  Math.max(...Object.values(VM_STATUS)),
];
const STATES = Array.from({ length: LAST_STATE - FIRST_STATE + 1 }, (_, at) => FIRST_STATE + at);

/** Fewer than by names, so that these come first: VMs with a part of a name are fewer than those in a state. */
const MOST_IN_STATES = 1_500;

/** Finds a way to the VMs of a condition of which an index finds few, beside others of which it does not. */
function selectNarrow(search: VmSearch): Candidates {
  return {
    select: (parameters) => `SELECT s.vm_guid FROM ${OWN_CONDITIONS.from}
      WHERE ${buildSearchCondition(search, OWN_CONDITIONS, parameters)}`,
    most: MOST_FOUND,
  };
}

/** Finds a way to the VMs of a condition; `null`: there is none, or PostgreSQL finds the best one by itself. */
function findCandidates(search: VmSearch): Candidates | null {
  switch (search.kind) {
    case "and":
      return listCandidates({ search })[0] ?? null;
    case "or": {
      // PostgreSQL finds these by their indexes, each by itself.
      if (search.parts.every(({ kind }) => NARROW_KINDS.has(kind))) return null;
      const each = search.parts.map((part) =>
        NARROW_KINDS.has(part.kind) ? selectNarrow(part) : findCandidates(part),
      );
      const found = each.filter((one) => one !== null);
      if (found.length < each.length) return null;
      return {
        select: (parameters) => found.map(({ select }) => `(${select(parameters)})`).join(" UNION ALL "),
        most: Math.min(...found.map(({ most }) => most)),
        isForPages: found.some(({ isForPages }) => isForPages === true),
      };
    }
    case "staleReason": {
      const reasons = search.reasons.filter((reason) => reason !== null);
      if (reasons.length === 0 || reasons.length < search.reasons.length) return null;
      return { select: () => selectMayBeStale(reasons), most: MOST_FOUND };
    }
    case "not":
      if (search.part.kind === "status") return findByOtherStates(search.part.statuses);
      return search.part.kind === "hasAddress" ? WITHOUT_ADDRESS : null;
    case "status":
      return findByStates(search.statuses);
    case "interfaceName":
      return findByNames(search.match, INTERFACES);
    case "network":
      return findByNames(search.match, NICS);
    case "text":
      return findByText(search);
    default:
      return null;
  }
}
