import type { spawn as Spawn, SpawnOptions } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from "../../../src/embedded-postgres/embedded-postgres.js";
import { startCluster, type SimulatedCluster } from "../../../src/simulator/cluster.js";
import { createToken } from "../../../src/server/identity/token-lines.js";
import { eventually } from "../../support/eventually.js";
import { temporaryFolder } from "../../support/processes/gateway.js";
import { runSql } from "../../support/databases/postgres-server.js";
import { createSteppedClock } from "../../support/processes/stepped-clock.js";
import { startGatewayProcess, type GatewayProcess } from "../support/gateway-process.js";

const clock = createSteppedClock();
if (clock === null) console.warn("SKIPPED: no libfaketime (Debian's package faketime); no clock is stepped.");

// The embedded PostgreSQL has no environment of ours; on this clock it has the clock's alone.
vi.mock("node:child_process", async (importOriginal) => {
  const original = await importOriginal<{ readonly spawn: typeof Spawn }>();
  const spawn = (program: string, args: readonly string[], options: SpawnOptions) =>
    original.spawn(program, args, { ...options, env: { ...options.env, ...clock?.environment } });
  return { ...original, spawn };
});

const HOUR_S = 3_600;

describe.skipIf(clock === null)(
  "a machine whose wall clock steps while the gateway and the embedded PostgreSQL run",
  () => {
    const folder = temporaryFolder();
    const data = temporaryFolder();
    let cluster: SimulatedCluster;
    let postgres: EmbeddedPostgres;
    let gateway: GatewayProcess;
    let lasting: string;
    let short: string;

    beforeAll(async () => {
      const tokensFile = join(folder.path, "tokens");
      const add = (name: string, expiresAt: Date | null) => {
        const { token, line } = createToken({ name, roles: ["reader"], expiresAt, scope: null });
        appendFileSync(tokensFile, `${line}\n`);
        return token;
      };
      lasting = add("lasting", null);
      short = add("short", new Date(Date.now() + (HOUR_S / 2) * 1_000));
      cluster = await startCluster({ hosts: 2, vms: 4, port: 0, seed: 3, tls: false, tickMs: null });
      postgres = await startEmbeddedPostgres({ dataDir: data.path, log: () => undefined });
      gateway = await startGatewayProcess({
        databaseUrl: postgres.url,
        vdsmHosts: cluster.vdsmHosts,
        environment: { AUTH_TOKENS_FILE: tokensFile, ...clock!.environment },
      });
    });
    afterAll(async () => {
      await gateway.kill();
      await postgres.stop();
      await cluster.stop();
      clock!.remove();
      data.remove();
      folder.remove();
    });

    async function ask(query: string, token = lasting): Promise<{ status: number; data: unknown }> {
      const answer = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query }),
      });
      return { status: answer.status, data: ((await answer.json()) as { data: unknown }).data };
    }

    interface Vms {
      readonly vms: {
        readonly nodes: readonly {
          readonly id: string;
          readonly status: string;
          readonly guestInfo: {
            readonly ips: readonly string[] | null;
            readonly stale: boolean;
            readonly staleReason: string | null;
            readonly lastReportedAt: string | null;
          } | null;
        }[];
      };
    }
    const readVms = async () => {
      const fields = "id status guestInfo { ips stale staleReason lastReportedAt }";
      const { data: answer } = await ask(`{ vms(first: 10) { nodes { ${fields} } } }`);
      return (answer as Vms).vms.nodes;
    };

    test("back and forth by an hour: passes go on, each change is stored and is in the log in its order, and times follow the clock", async () => {
      const [vm] = cluster.world.vms as [(typeof cluster.world.vms)[number]];
      const told: string[] = [];
      for (const [at, offsetS] of [0, -HOUR_S, 0, HOUR_S, 0].entries()) {
        clock!.step(offsetS);
        const [row] = await runSql<{ now: Date }>(postgres.url, "SELECT clock_timestamp() AS now");
        const stepped = Date.now() + offsetS * 1_000;
        expect(Math.abs(row!.now.getTime() - stepped)).toBeLessThan(60_000);
        const address = `192.0.2.${at + 1}`;
        told.push(address);
        const [hw, name] = ["56:6f:00:00:00:77", "eth7"];
        cluster.world.setInterfaces(vm.id, [{ name, hw, inet: [address], inet6: [] }]);
        await eventually(async () => {
          const nodes = await readVms();
          const changed = nodes.find(({ id }) => id === vm.id);
          expect(changed?.guestInfo).toMatchObject({ ips: [address], stale: false });
          const overdue = nodes.filter(({ guestInfo }) => guestInfo?.staleReason === "REFRESH_OVERDUE");
          expect(overdue).toEqual([]);
          const reportedAt = new Date(changed!.guestInfo!.lastReportedAt!).getTime();
          // By the clock as it is now, not as it was before the step.
          expect(Math.abs(reportedAt - (Date.now() + offsetS * 1_000))).toBeLessThan(60_000);
        });
        expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
        // A token counts by the clock: an hour ahead this one has ended, and an hour later it has not.
        expect((await ask("{ __typename }", short)).status).toBe(offsetS > 0 ? 401 : 200);
      }
      const changes = await runSql<{ delta: unknown }>(
        postgres.url,
        `SELECT delta FROM vnic_graph_change WHERE vm_id = '${vm.id}' ORDER BY seq`,
      );
      const logged = changes.map(({ delta }) => JSON.stringify(delta));
      expect(
        told.map((address) => logged.filter((text) => text.includes(`"${address}"`)).length > 0),
      ).toEqual(told.map(() => true));
      const firsts = told.map((address) => logged.findIndex((text) => text.includes(`"${address}"`)));
      expect(firsts).not.toContain(-1);
      expect(firsts).toEqual(firsts.toSorted((left, right) => left - right));
      expect(gateway.output()).not.toMatch(/pass failed|superseded|internal error/);
    });
  },
);
