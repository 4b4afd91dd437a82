import type { DataSource } from "typeorm";
import { createStore } from "../../../src/store/store.js";
import type { VmRow } from "../../../src/store/types.js";
import { findGeneration, type GenerationHost, type Generations } from "./generations.js";

/** What is to hold after every fault; keeps what it saw, so that nothing may go back. */
export class Invariants {
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly fleet: Generations,
    /** From the question to a host until its answer is committed, at most. */
    private readonly longestPassMs = 10_000,
  ) {}

  /** What does not hold now, in words; empty if all is well. */
  async violations(): Promise<string[]> {
    const found: string[] = [];
    for (const host of this.fleet.hosts) {
      // Four statements see one moment if no pass began or ended between the first and the last.
      let [before, vms, served, after] = await this.look(host);
      while (JSON.stringify(before) !== JSON.stringify(after)) {
        [before, vms, served, after] = await this.look(host);
      }
      found.push(...this.wholeness(host, vms), ...this.freshness(host, vms, served, before));
    }
    return found;
  }

  private async look(host: GenerationHost): Promise<[HostState | null, Stored[], VmRow[], HostState | null]> {
    const before = await this.stateOf(host);
    const vms = await this.read(host);
    const served = await createStore(this.dataSource).readVmsByIds(host.vmIds);
    return [before, vms, served, await this.stateOf(host)];
  }

  private async stateOf({ configured }: GenerationHost): Promise<HostState | null> {
    const [state] = await rows<HostState>(
      this.dataSource,
      `SELECT last_error_kind AS kind, last_success_at AS succeeded, epoch FROM vnic_graph_host WHERE host_id = $1`,
      [configured.id],
    );
    return state ?? null;
  }

  /** The generation stored for a host; 0: nothing yet. */
  async stored(host: GenerationHost): Promise<number> {
    const [vm] = await this.read(host);
    return vm === undefined ? 0 : findGeneration((vm.addresses ?? [])[0] ?? "");
  }

  /** Entirely old or entirely new; nothing lost; one owner; never back to an older report. */
  private wholeness(host: GenerationHost, vms: readonly Stored[]): string[] {
    const { name, configured, vmIds } = host;
    const before = this.seen.get(name) ?? 0;
    if (vms.length === 0) return before === 0 ? [] : [`${name}: all its VMs are lost`];
    const found: string[] = [];
    if (vms.length !== vmIds.length) found.push(`${name}: ${vms.length} of ${vmIds.length} VMs are stored`);
    const generations = new Set<number>();
    for (const vm of vms) {
      if (vm.records !== 1) found.push(`${name}: VM ${vm.id} has ${vm.records} records`);
      if (vm.ownerId !== configured.id) found.push(`${name}: VM ${vm.id} is owned by ${String(vm.ownerId)}`);
      if (vm.ownerId === vm.incomingId) found.push(`${name}: VM ${vm.id} is incoming where it is`);
      if (vm.interfaces !== this.fleet.interfacesPerVm) {
        found.push(`${name}: VM ${vm.id} has ${vm.interfaces} interfaces`);
      }
      const expected = 2 * this.fleet.interfacesPerVm;
      for (const addresses of [vm.ips, vm.addresses ?? []]) {
        if (addresses.length !== expected)
          found.push(`${name}: VM ${vm.id} has ${addresses.length} addresses`);
        for (const address of addresses) generations.add(findGeneration(address));
      }
    }
    const [generation = NaN] = generations;
    if (generations.size !== 1) {
      found.push(`${name}: generations ${[...generations].join(", ")} are mixed`);
    } else if (!(generation >= before && generation <= host.generation)) {
      found.push(
        `${name}: generation ${generation} after ${before}, while the host is at ${host.generation}`,
      );
    } else {
      this.seen.set(name, generation);
    }
    return found;
  }

  /** What is served without a reason was the host's word when it says so. After a failure there is a reason. */
  private freshness(
    host: GenerationHost,
    vms: readonly Stored[],
    served: readonly VmRow[],
    state: HostState | null,
  ): string[] {
    if (state === null || vms.length === 0) return [];
    const generation = findGeneration((vms[0]?.addresses ?? [])[0] ?? "");
    const begun = host.begins[generation] ?? Infinity;
    const ended = host.begins[generation + 1] ?? Infinity;
    return served.flatMap(({ id, staleReason, lastReportedAt }) => {
      if (staleReason !== null) return [];
      if (state.kind !== null) return [`${host.name}: VM ${id} is served as fresh after ${state.kind}`];
      const at = lastReportedAt?.getTime() ?? NaN;
      // The database and the hosts share this machine's clock; its reading is a whole number of milliseconds.
      return begun <= at + 1 && ended >= at - this.longestPassMs
        ? []
        : [`${host.name}: VM ${id} is served as reported at ${at}, but was so from ${begun} to ${ended}`];
    });
  }

  private read(host: GenerationHost): Promise<Stored[]> {
    return rows<Stored>(this.dataSource, STORED, [host.vmIds]);
  }
}

interface HostState {
  readonly kind: string | null;
  readonly succeeded: Date | null;
  readonly epoch: string;
}

interface Stored {
  readonly id: string;
  readonly records: number;
  readonly ownerId: string | null;
  readonly incomingId: string | null;
  readonly ips: readonly string[];
  readonly interfaces: number;
  readonly addresses: readonly string[] | null;
}

/** Straight from the tables: what reads for clients is under test too. */
const STORED = `SELECT s.vm_guid AS id, count(*) OVER (PARTITION BY s.vm_guid)::int AS records,
  d.run_on_vds AS "ownerId", d.migrating_to_vds AS "incomingId",
  coalesce(string_to_array(d.vm_ip, ' '), '{}') AS ips, i.interfaces, i.addresses
FROM vm_static s
LEFT JOIN vm_dynamic d ON d.vm_guid = s.vm_guid
LEFT JOIN vnic_graph_vm r ON r.vm_id = s.vm_guid
CROSS JOIN LATERAL (
  SELECT count(DISTINCT g.ctid)::int AS interfaces, array_agg(address) FILTER (WHERE address <> '') AS addresses
  FROM vm_guest_agent_interfaces g
  CROSS JOIN LATERAL unnest(string_to_array(coalesce(g.ipv4_addresses, '') || ',' || coalesce(g.ipv6_addresses, ''), ','))
    AS address
  WHERE g.vm_id = s.vm_guid) i
WHERE s.vm_guid = ANY($1::uuid[])`;

function rows<Row>(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<Row[]> {
  return dataSource.query<Row[]>(sql, parameters);
}
