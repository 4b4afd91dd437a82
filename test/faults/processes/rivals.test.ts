import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type SimulatedCluster } from "../../../src/simulator/cluster.js";
import { until } from "../../store/until.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { eventually } from "../../support/eventually.js";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.js";

/** Three intervals are promised. The pieces of an answer come later than they should where the machine is busy. */
const MOST_INTERVALS = 10;

let database: TestDatabase;
let cluster: SimulatedCluster;
const gateways: GatewayProcess[] = [];

beforeAll(async () => {
  database = await createDatabase();
  cluster = await startCluster({ hosts: 2, vms: 4, port: 0, seed: 3, tls: false, tickMs: null });
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await cluster.stop();
  await database.drop();
});

async function start(vdsmHosts: string, environment: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess({ databaseUrl: database.url, vdsmHosts, environment });
  gateways.push(gateway);
  return gateway;
}

test("two gateways without Redis poll a host that needs most of an interval, and neither voids the other's passes", async () => {
  const [slow, quick] = cluster.hosts as [SimulatedCluster["hosts"][0], SimulatedCluster["hosts"][0]];
  // The answer comes in pieces, for as long as about an interval.
  slow.server.faults.failAlways({ kind: "drip", everyMs: 20, bytes: 400 }, "Host.getAllVmStats");
  const [one, other] = [await start(cluster.vdsmHosts), await start(cluster.vdsmHosts)];
  const readSuccesses = async () => {
    const rows = await database.dataSource.query<{ port: number; at: Date | null }[]>(
      "SELECT s.port, h.last_success_at AS at FROM vnic_graph_host h JOIN vds_static s ON s.vds_id = h.host_id",
    );
    return new Map(rows.map(({ port, at }) => [port, at?.getTime()]));
  };
  const successes = new Set<number | undefined>();
  // The passes over the other host that have succeeded since the last success: intervals, however fast this machine is.
  const since = new Set<number | undefined>();
  let mostSince = 0;
  await until(async () => {
    const at = await readSuccesses();
    if (!successes.has(at.get(slow.port))) since.clear();
    successes.add(at.get(slow.port));
    since.add(at.get(quick.port));
    mostSince = Math.max(mostSince, since.size);
    return successes.size > 6 || mostSince >= MOST_INTERVALS;
  });
  expect(mostSince).toBeLessThan(MOST_INTERVALS);
  for (const gateway of [one, other]) expect(gateway.output()).not.toContain("superseded");
  slow.server.faults.clear();
});

test("a gateway that starts with other hosts, polls nothing or crashes ends nothing that another one polls", async () => {
  const [first, second] = cluster.hosts.map(({ host, port }) => `${host}:${port}`) as [string, string];
  const polled = async () =>
    (await database.store.readHosts()).filter(({ polled }) => polled).map(({ address }) => address);
  await start(second, { REFRESH_INTERVAL: "off" });
  expect((await polled()).toSorted()).toEqual([first, second].toSorted());
  const third = await start(second);
  await third.kill();
  expect((await polled()).toSorted()).toEqual([first, second].toSorted());
  await eventually(async () => {
    const state = await database.store.readPollingState();
    expect(state).toEqual({ hosts: 2, untried: 0, stale: 0, unpolled: 0 });
  });
});
